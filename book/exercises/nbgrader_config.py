"""The settings of the problem sets: run `nbgrader` in this folder."""

from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Integer


class SetSection(NbGraderPreprocessor):
    """Write the section's number into the release of a set.

    The gradebook keeps the released cell, and autograding puts it back into
    every submission.
    """

    section = Integer(
        None,
        allow_none=True,
        min=0,
        help="The number that data are drawn from.",
    ).tag(config=True)

    def preprocess_cell(self, cell, resources, index):
        """Replace `SECTION = 1`, if there is another number."""
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == "section" and self.section is not None:
            cell.source = f"SECTION = {self.section}"
        return cell, resources


here = Path(__file__).resolve().parent
course = here / "course"  # of which nothing is committed
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "kmgmm"
c.CourseDirectory.source_directory = str(here)
c.CourseDirectory.root = str(course)  # releases, submissions, grades
c.ExportPlugin.to = str(course / "grades.csv")
c.GenerateAssignment.preprocessors.prepend([SetSection])
c.OverwriteCells.add_missing_cells = True  # deleted tests are put back
c.Execute.timeout = 60  # seconds, for each cell
