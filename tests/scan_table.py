"""The table of docs/scan.md on the public models and the demo's, with LONG=1: it must not get worse than it is there.

Hours of one core: tests/scan/table.py prints it for any models."""
import os
import subprocess
import sys
import tempfile

if not os.environ.get("LONG"):
    print("skipped: set LONG=1")
    sys.exit(77)

source, data = os.environ["SOURCE"], os.environ["SHARED_DATA"]
folders = [os.path.join(data, "models/backdoor"), os.path.join(data, "models/backdoor_thirdparty"), os.path.join(source, "demo")]
models = [os.path.join(d, n) for d in folders for n in sorted(os.listdir(d)) if n.endswith(".onnx")]
with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run(["/usr/bin/python3", os.path.join(source, "tests/scan/table.py"), folder, *models, "--ranks", "2"],
                          capture_output=True, text=True)
print(done.stdout, done.stderr)
line = next(x for x in done.stdout.splitlines() if x.startswith("ours"))
area = float(line.split("curve ")[1].split(",")[0])
found, of = (int(x) for x in line.split("for ")[1].split(" of "))
sys.exit(0 if area >= 0.95 and found >= of - 1 else 1)
