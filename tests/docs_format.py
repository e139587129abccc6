"""Real files keep the contract of docs/format.md: its machine-readable copy, and every reader opens them with names."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import h5py
    import xarray
    import netCDF4  # noqa: F401
    import h5netcdf  # noqa: F401
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

source, binary = os.environ["SOURCE"], os.environ["RETROGRAD"]
GROUPS = ("samples", "layers", "methods", "maps")


class RealFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A study with a broken image, three target slots and two sets of methods."""
        cls.folder = tempfile.mkdtemp()
        data = os.path.join(cls.folder, "images")
        shutil.copytree(f"{source}/demo/images", data)
        with open(f"{data}/circle/000.png", "wb") as f:
            f.write(b"not a picture")
        cls.study = os.path.join(cls.folder, "study.h5")
        done = subprocess.run([binary, "attribute", "--model", f"{source}/demo/shapes.onnx", "--data", data, "--out", cls.study,
                               "--methods", "input_x_gradient,grad_cam,guided_backprop,fullgrad", "--layers", "all", "--limit", "24",
                               "--targets", "label,predicted,least", "--quiet"])
        assert done.returncode == 3, done.returncode
        cls.packed = os.path.join(cls.folder, "packed.h5")
        subprocess.run([binary, "pack", cls.study, "--out", cls.packed], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_contract(self):
        for path in (self.study, self.packed):
            subprocess.run(["/usr/bin/python3", f"{source}/tests/format_check.py", path], check=True)

    def test_a_broken_contract_is_seen(self):
        broken = os.path.join(self.folder, "broken.h5")
        shutil.copy(self.study, broken)
        with h5py.File(broken, "r+") as f:
            del f["samples/status"].attrs["flag_meanings"]
        done = subprocess.run(["/usr/bin/python3", f"{source}/tests/format_check.py", broken], capture_output=True)
        self.assertNotEqual(done.returncode, 0)

    def test_xarray(self):
        for path in (self.study, self.packed):
            for engine in ("h5netcdf", "netcdf4"):
                for group in GROUPS:
                    with xarray.open_dataset(path, engine=engine, group=group) as d:
                        self.assertFalse([name for name in d.dims if name.startswith("phony")])
                with xarray.open_dataset(path, engine=engine, group="maps") as d:
                    self.assertEqual(list(d.target.values), ["label", "predicted", "least"])
                    self.assertIsInstance(d[d["input"].dims[2]].values[0], str)
                    self.assertTrue(d["input"].isel(sample=0).isnull().all())
                    self.assertFalse(d["input"].isel(sample=1).isnull().any())

    def test_ncdump(self):
        for path in (self.study, self.packed):
            done = subprocess.run(["ncdump", "-h", path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("guided_backprop", subprocess.run(["ncdump", "-v", "/methods/method", path], capture_output=True,
                                                            text=True).stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
