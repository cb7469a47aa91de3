"""A run's model card: what it answers and how often it is wrong, in Markdown, beside its model."""

from collections.abc import Iterator

from zapcls.blocks import Block, Facts, Section, Table, Text
from zapcls.evidence import Evidence
from zapcls.findings import answer, find, labels, rates, training
from zapcls.findings.ask import Ask, build_ask
from zapcls.report import limits, run_sections
from zapcls.report.document import lay_out
from zapcls.workspace.exports import MARK

_TIMM = """\
With [timm](https://github.com/huggingface/pytorch-image-models):

```python
import timm
from PIL import Image, ImageOps

net = timm.create_model("local-dir:FOLDER", pretrained=True).eval()
see = timm.data.create_transform(**timm.data.resolve_model_data_config(net))
photo = Image.open("photo.jpg", formats=["JPEG"]).convert("RGB")
photo = ImageOps.pad(photo, ({side}, {side}), Image.Resampling.LANCZOS, color="white")
prob = net(see(photo)[None]).softmax(1)[0]
print(dict(zip(net.pretrained_cfg["label_names"], prob.tolist())))
```

transformers loads the same folder: `AutoModelForImageClassification.from_pretrained("FOLDER")`.
"""
_ONNX = """\
With ONNX Runtime alone; resizing and normalization are part of the model:

```python
import numpy as np, onnxruntime
from PIL import Image, ImageOps

photo = Image.open("photo.jpg", formats=["JPEG"]).convert("RGB")
photo = ImageOps.pad(photo, ({side}, {side}), Image.Resampling.LANCZOS, color="white")
session = onnxruntime.InferenceSession("model.onnx")
logits, embedding = session.run(None, {{"pixels": np.asarray(photo)[None]}})
prob = np.exp(logits[0]) / np.exp(logits[0]).sum()
print(dict(zip({classes}, prob.tolist())))
```
"""
_ONNX_SEVERAL = """\
With ONNX Runtime alone; resizing and normalization are part of the model, which has an output for
each target. Where a target has a threshold, its first class is the answer from that probability on:

```python
import numpy as np, onnxruntime
from PIL import Image, ImageOps

targets = {{  # the classes, and the threshold of the first
{targets}}}
photo = Image.open("photo.jpg", formats=["JPEG"]).convert("RGB")
photo = ImageOps.pad(photo, ({side}, {side}), Image.Resampling.LANCZOS, color="white")
session = onnxruntime.InferenceSession("model.onnx")
*outputs, embedding = session.run(None, {{"pixels": np.asarray(photo)[None]}})
for (target, (classes, threshold)), logits in zip(targets.items(), outputs):
    prob = np.exp(logits[0]) / np.exp(logits[0]).sum()
    answer = prob.argmax() if threshold is None else int(prob[0] < threshold)
    print(target, classes[answer], prob[answer])
```
"""
_BOTH = """\
The run's own answer is the mean of the logits of a photo and of its mirror image; `model.onnx` does
that by itself, timm and transformers do not.
"""
_WHITE = "Photos are padded with white to a square first, as in training.\n"


def write_card(evidence: Evidence, has_timm: bool) -> str:
    """Write the card of a run whose model lies beside it, for timm too or as ONNX alone."""
    run, task = evidence.run, evidence.task
    ask = Ask(task)
    found = find("rates", evidence, ask)
    sections = [
        run_sections.build_data(evidence),
        Section("rates", "How often it is wrong", (
            *rates.answer(found, ask).blocks,
            Table(rates.write_classes(found, ask), "By class, on valid."),
        )),
        *([labels.section(find("labels", evidence, ask), ask)] if task.labels_of else []),
        training.section(find("training", evidence, ask), ask),
        *_list_color(evidence),
        limits.build_limits(evidence, build_ask(evidence)),
    ]  # fmt: skip
    side, classes, tasks = evidence.store.side, evidence.classes, run.tasks
    has_one = len(tasks) == 1 and task.threshold is None
    uses = [*([_TIMM] if has_timm else []), _ONNX if has_one else _ONNX_SEVERAL]
    targets = "".join(
        f"    {one.target!r}: ({list(one.classes)!r}, {one.threshold!r}),\n" for one in tasks
    )
    uses = [text.format(side=side, classes=classes, targets=targets) for text in uses]
    tags = ["image-classification", *(["timm", "transformers"] if has_timm else []), "onnx"]
    head = ["---", *(["library_name: timm"] if has_timm else []), "tags:"]
    head += [*(f"- {tag}" for tag in tags), "---", MARK]
    learned = [one.classes[0] for one in tasks if one.column == task.column]
    named = learned if task.labels_of else map(task.name, classes)
    title = f"# The {task.column_word} of {task.things}: {', '.join(named)}"
    origin = "imported" if run.is_imported else f"at {run.train_config.image_size} px, trained"
    says = f"answers one of {len(classes)} {task.words} for a photo of one {task.thing}"
    if task.labels_of:
        says = f"says which of {len(learned)} labels fit a photo of one {task.thing}"
    about = f"{run.network}, {origin} by zapcls as run {run.run_id}. It {says}."
    is_mirrored = has_timm and run.train_config.answer_views == 2
    use = ["## How to use it", "", _WHITE, *([_BOTH] if is_mirrored else []), *uses]
    return "\n".join([*head, "", title, "", about, "", *use, *map(write_markdown, sections)])


def _list_color(evidence: Evidence) -> list[Section]:
    """List what was found out about color, where the colors of the photos are named."""
    if not evidence.store.has_colors or not evidence.list_groups("color"):
        return []
    ask = build_ask(evidence)
    return [answer.section(answer.find(evidence, ask), ask)]


def write_markdown(section: Section) -> str:
    """Write a section as Markdown: sentences, facts and tables; charts and photos are left out."""
    lines = [line for block in lay_out(section).blocks for line in _write_block(block)]
    return "\n".join([f"## {section.title}", "", *lines]).replace("<", "&lt;")


def _write_block(block: Block) -> Iterator[str]:
    match block:
        case Text():
            yield from (block.text, "")
        case Facts(rows):
            yield from (*(f"- **{name}**: {text}" for name, text in rows), "")
        case Table():
            yield from (
                *_write_rows([list(block.cells.columns)]),
                "|---" * block.cells.shape[1] + "|",
            )
            yield from (*_write_rows([cells for cells, _ in block.rows]), "", block.caption, "")


def _write_rows(rows: list[list[object]]) -> list[str]:
    return [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
