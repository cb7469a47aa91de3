"""What does the run say of my photo?"""

import streamlit as st

from zapcls import charts, inference, words
from zapcls.errors import BadInput
from zapcls.ui import cache, widgets
from zapcls.ui.recolor_strip import show_strip
from zapcls.workspace.runs import Run

TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff"]


def show_answer(run: Run, content: bytes, name: str) -> None:
    """Classify one photo and show what was seen and what was said."""
    classes = run.facts["classes"]
    with st.container(border=True):
        try:
            answer = inference.classify(cache.classifier(run), classes, content, name)
        except BadInput as error:
            st.error(str(error), icon=":material/error:")
            return
        picture, said = st.columns([1, 2], gap="large", vertical_alignment="center")
        with picture:
            st.image(answer.pixels, width=220)
            st.caption(name)
        with said:
            sold = words.department(answer.label)
            st.markdown(f"### Sold as {sold}, {words.percent(answer.prob[answer.label])}")
            st.plotly_chart(
                charts.probabilities(answer.prob, classes), key=f"prob-{name}-{hash(content)}",
                config={"displayModeBar": False},
            )  # fmt: skip
        show_strip(answer.pixels, run)


widgets.enter("classify")
st.title("Classify", anchor=False)
st.markdown(
    "Which department would a shop put this shoe in? Best is one shoe from the side, facing left, "
    "on a plain light ground, as in the catalogue."
)
run = widgets.need_run()
upload, camera = st.columns([3, 2], gap="large")
with upload:
    files = st.file_uploader("Photos", TYPES, accept_multiple_files=True, key="photos")
with camera:
    use_camera = st.toggle("Use the camera", key="use_camera")
    shot = st.camera_input("Camera", label_visibility="collapsed") if use_camera else None
valid = run.rates["splits"]["valid"]
st.caption(
    f"Answered by {widgets.describe_run(run)}, which errs on "
    f"{words.percent(valid['error_rate'])} of {valid['n']:,} photos it had not seen. The label "
    "is the shop's department, not the wearer. Photos stay in memory on this machine."
)
for file in files or []:
    show_answer(run, file.getvalue(), file.name)
if shot is not None:
    show_answer(run, shot.getvalue(), "camera photo")
