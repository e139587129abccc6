"""Run every script of docs/analysis.md on the demo's study, as it stands there."""
import os
import re
import subprocess
import sys
import tempfile

source, binary = os.environ["SOURCE"], os.environ["RETROGRAD"]
try:
    import h5netcdf  # noqa: F401
    import xarray  # noqa: F401
    from PIL import Image
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

text = open(os.path.join(source, "docs", "analysis.md")).read()
scripts = re.findall(r"```python\n(.*?)```", text, re.S)
assert len(scripts) == 5, f"{len(scripts)} scripts"

with tempfile.TemporaryDirectory() as folder:
    study = os.path.join(folder, "study.h5")
    demo = os.path.join(source, "demo")
    subprocess.run(
        [binary, "attribute", "--model", f"{demo}/shapes.onnx", "--data", f"{demo}/manifest.csv", "--out", study,
         "--methods", "gradient,input_x_gradient,grad_cam,normgrad", "--layers", "input,*relu*,last",
         "--targets", "predicted,least", "--quiet"], check=True)
    out = os.path.join(folder, "overlay.png")
    env = dict(os.environ, STUDY=study, IMAGES=demo, OUT=out)
    for i, script in enumerate(scripts):
        done = subprocess.run(["/usr/bin/python3", "-c", script], env=env, cwd=folder, capture_output=True, text=True)
        print(f"script {i + 1}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0
    assert Image.open(out).size == (96, 96)
print("5 passed, 0 failed")
