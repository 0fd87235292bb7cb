"""Executes a notebook from top to bottom with its own kernel, and checks what it shows.

usage: execute.py NOTEBOOK [FOLDER]

The notebook must be valid nbformat before and after, no cell may fail, and every cell that ends in
a figure must show one. The executed notebook is written to FOLDER, if there is one, under the same
name; otherwise NOTEBOOK itself is replaced.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

# Of one cell, in seconds: the first one compiles the library.
TIMEOUT = 1800


def failure(notebook):
    """What the kernel says of the cell that failed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    errors = [output.evalue for output in outputs if output.output_type == "error"]
    return "; ".join(errors) or "a cell failed"


def main():
    source = Path(sys.argv[1])
    target = Path(sys.argv[2]) / source.name if len(sys.argv) > 2 else source
    notebook = nbformat.read(source, as_version=4)
    nbformat.validate(notebook)
    started = time.monotonic()
    executor = ExecutePreprocessor(timeout=TIMEOUT, kernel_name=notebook.metadata.kernelspec.name)
    try:
        executor.preprocess(notebook, {"metadata": {"path": str(source.parent)}})
    except CellExecutionError:
        sys.exit(f"{source}: {failure(notebook)}")
    seconds = time.monotonic() - started
    nbformat.validate(notebook)
    nbformat.write(notebook, target)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [
        mime for cell in cells for output in cell.outputs for mime in output.get("data", {})
    ]
    figures = [cell for cell in cells if ".figure(" in cell.source.splitlines()[-1]]
    for cell in figures:
        if not any("image/svg+xml" in output.get("data", {}) for output in cell.outputs):
            sys.exit(f"{source}: no figure from the cell {cell.source!r}")
    print(
        f"{source}: {len(cells)} cells in {seconds:.0f} s, "
        f"{shown.count('image/svg+xml')} figures, {shown.count('text/html')} tables"
    )


main()
