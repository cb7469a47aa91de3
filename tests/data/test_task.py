"""A label: what is said of it, what it answers, and how it is kept."""

import numpy as np
import pytest

from zapcls.data.task import Task, build_label, gather_labels, read_task

LEATHER = build_label("upper_material", "Leather", "shoe", "shoes")
SUEDE = build_label("upper_material", "Suede", "shoe", "shoes")
KIND = Task("category", ("Boots", "Shoes", "Sandals"))


def test_what_lacks_a_label_is_not_labelled_so():
    assert LEATHER.title == "upper material: Leather"
    assert (LEATHER.word, LEATHER.words) == ("label", "labels")
    assert LEATHER.describe("Leather") == "labelled Leather"
    assert LEATHER.describe("not Leather") == "not labelled Leather"
    assert LEATHER.noun("not Leather", group="pink") == "pink shoes not labelled Leather"
    assert LEATHER.name("not Leather") == "not Leather"


def test_a_label_is_the_answer_from_its_threshold_on():
    label = Task("kind: A", ("A", "not A"), labels_of="kind", threshold=0.3)
    prob = np.array([[0.3, 0.7], [0.29, 0.71], [0.9, 0.1]])

    assert label.decide(prob).tolist() == [0, 1, 0]
    assert label.decide(prob[0]) == 0


def test_without_a_threshold_the_likeliest_class_is_the_answer():
    prob = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])

    assert KIND.decide(prob).tolist() == [1, 0]
    assert LEATHER.decide(np.array([0.4, 0.6])) == 1


@pytest.mark.parametrize("task", [KIND, LEATHER, Task("kind", ("a", "b"), threshold=0.4)])
def test_a_task_is_read_as_it_was_written(task):
    assert read_task(task.to_json()) == task


def test_a_task_of_a_column_is_written_as_before_there_were_labels():
    assert list(KIND.to_json()) == ["target", "classes", "thing", "things", "other"]


def test_the_labels_of_a_column_are_gathered():
    assert gather_labels([LEATHER, KIND, SUEDE]) == [[LEATHER, SUEDE], [KIND]]
