"""The end of docs/evaluate.md is what the program prints."""
import os
import subprocess

text = open(os.path.join(os.environ["SOURCE"], "docs", "evaluate.md")).read()
printed = subprocess.run([os.environ["RETROGRAD"], "metrics", "--format", "markdown"], check=True, capture_output=True,
                         text=True).stdout
assert text.endswith(printed), "docs/evaluate.md is old: its last paragraph says how to make the rest again"
print("1 passed, 0 failed")
