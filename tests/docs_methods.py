"""docs/methods.md is what the program prints, and every method has a picture in docs/pictures.md."""
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
    wanted = {"image.png"}
    for family, methods in pictures.families(pictures.Program(os.environ["RETROGRAD"])).items():
        for method in methods:
            name = pictures.file_of(method)
            wanted.add(name)
            assert f"![{method}](pictures/{name})" in page, f"docs/pictures.md has no picture of {method}"
    found = set(os.listdir(os.path.join(docs, "pictures")))
    assert found == wanted, f"docs/pictures: {sorted(found ^ wanted)}; run docs/make_pictures.py"
print("1 passed, 0 failed")
