"""docs/methods.md is what the program prints, and every method belongs to a picture of docs/pictures.md."""
import importlib.util
import os
import subprocess

text = open(os.path.join(os.environ["SOURCE"], "docs", "methods.md")).read()
printed = subprocess.run([os.environ["RETROGRAD"], "methods", "--format", "markdown"], check=True, capture_output=True,
                         text=True).stdout
assert text.endswith(printed), "docs/methods.md is old: see its second line for how to make it again"

docs = os.path.join(os.environ["SOURCE"], "docs")
try:
    spec = importlib.util.spec_from_file_location("make_pictures", os.path.join(docs, "make_pictures.py"))
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
except ImportError as missing:
    print(f"pictures not looked at: {missing}")
else:
    page = open(os.path.join(docs, "pictures.md")).read()
    for family, methods in pictures.families(pictures.Program(os.environ["RETROGRAD"])).items():
        assert methods and f"(pictures/{family}.png)" in page, family
        assert os.path.exists(os.path.join(docs, "pictures", family + ".png")), family
print("1 passed, 0 failed")
