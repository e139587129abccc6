"""docs/methods.md is what the program prints."""
import os
import subprocess

text = open(os.path.join(os.environ["SOURCE"], "docs", "methods.md")).read()
printed = subprocess.run([os.environ["RETROGRAD"], "methods", "--format", "markdown"], check=True, capture_output=True,
                         text=True).stdout
assert text.endswith(printed), "docs/methods.md is old: see its second line for how to make it again"
print("1 passed, 0 failed")
