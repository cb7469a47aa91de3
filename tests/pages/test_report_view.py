"""Color bias, the report: one button writes it, two hand it out."""

from zapcls.workspace.run_tables import write_derived


def list_downloads(app):
    return [button.label for button in app.get("download_button")]


def test_before_it_is_written_a_button_starts_the_job(finished, open_page, launched):
    app = open_page("color_bias")
    assert not list_downloads(app)

    app.click("write_report")

    [job] = launched
    assert (job.kind, job.config["run"]) == ("report", str(finished.path))
    assert not app.list_keys("write_report")  # it is watched


def test_what_is_written_can_be_taken(finished, open_page):
    def write(*names):
        write_derived(finished, "report", lambda path: [(path / n).write_bytes(b"") for n in names])
        return open_page("color_bias")

    app = write("report.html")
    assert list_downloads(app) == ["Report, HTML"]
    assert "no Chromium was found" in app.said
    assert app.button(key="write_report").label == "Write it again"
    app = write("report.html", "report.pdf")
    assert list_downloads(app) == ["Report, HTML", "Report, PDF"]
    assert "no Chromium was found" not in app.said
