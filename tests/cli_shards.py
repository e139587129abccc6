"""Shards of a study, their merge and the digest: parts made apart are the file that one run makes."""

import os
import shutil

import proof

SETTINGS = ("--methods", "gradient,grad_cam", "--layers", "input,convs", "--targets", "label,predicted", "--unit", 4)
COUNT = 18  # five units, the last one short


class Shards(proof.Case):
    @classmethod
    def setUpClass(cls):
        import tempfile
        folder = tempfile.TemporaryDirectory(prefix="proof.")
        cls.addClassCleanup(folder.cleanup)
        cls.made = folder.name
        cls.whole = os.path.join(folder.name, "whole.h5")
        cls.data = proof.demo("manifest.csv")
        cls.attribute(cls.whole)
        for n in (2, 3, 5):
            for i in range(1, n + 1):
                cls.attribute(cls.shard(i, n), "--shard", f"{i}/{n}", ranks=1 + i % 2)

    @classmethod
    def shard(cls, i, n):
        return os.path.join(cls.made, f"shard{i}of{n}.h5")

    @classmethod
    def shards(cls, n):
        return [cls.shard(i, n) for i in range(1, n + 1)]

    @classmethod
    def attribute(cls, out, *args, **more):
        return proof.attribute(out, proof.model("shapes"), cls.data, *SETTINGS, *dict_args(args), **more)

    def merge(self, *shards, code=0):
        out = self.path("merged.h5")
        return out, proof.run("merge", "--out", out, *shards, code=code)

    def assert_nothing_left(self):
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("merged")], [])

    def test_merged_shards_are_the_file_of_one_run(self):
        for n in (2, 3, 5):
            out, done = self.merge(*reversed(self.shards(n)))
            self.assert_same_bytes(self.whole, out)
            self.assertIn(f"{COUNT} samples of {n} shards", done.out)
            events = [r["event"] for r in proof.runs(out)]
            self.assertEqual(events, ["start", "end"] * n + ["merge"])
            os.remove(out)
            os.remove(out + ".runs.jsonl")

    def test_shards_have_whole_units_and_global_numbers(self):
        import h5py
        numbers, units = [], []
        for path in self.shards(3):
            with h5py.File(path, "r") as f:
                numbers += f["samples/sample"][()].tolist()
                self.assertEqual(f["maps/sample"][()].tolist(), f["samples/sample"][()].tolist())
                self.assertEqual(int(f.attrs["n_samples"]), COUNT)
                self.assertEqual(int(f.attrs["first_sample"]), int(f["samples/sample"][0]))
                units.append(int(f.attrs["n_units"]))
        self.assertEqual(numbers, list(range(COUNT)))
        self.assertEqual(units, [2, 2, 1])

    def test_digest_does_not_depend_on_ranks_shards_and_packing(self):
        def digest(*files, code=0):
            return proof.run("digest", *files, code=code).out.split()[0]
        wanted = digest(self.whole)
        other = self.path("ranks.h5")
        self.attribute(other, ranks=3)
        packed = self.path("packed.h5")
        proof.run("pack", self.whole, "--out", packed)
        self.assertEqual({wanted}, {digest(other), digest(packed), digest(*self.shards(3)), digest(*self.shards(5))})
        self.assertNotEqual(wanted, digest(self.changed("maps/input", self.path("changed.h5"))))

    def changed(self, variable, path, study=None):
        """A copy of a study, the whole one, with one bit of one value flipped: that of a row in the middle."""
        import h5py
        shutil.copy(study or self.whole, path)
        with h5py.File(path, "r") as f:
            at = f[variable].id.get_offset() + f[variable].id.get_storage_size() // 2
        with open(path, "r+b") as f:
            f.seek(at)
            byte = f.read(1)[0] ^ 2
            f.seek(at)
            f.write(bytes([byte]))
        return path

    def test_checksums_name_what_differs(self):
        """Against Python's own CRC-32; one flipped bit in any variable is found and named."""
        import zlib
        import h5py
        with h5py.File(self.whole, "r") as f:
            names = f["checks/variable"].asstr()[()].tolist()
            rows = {n for g in ("samples", "maps", "marks") for n in map(f"{g}/{{}}".format, f[g]) if f[n].shape[:1] == (COUNT,)}
            given = {"samples/path", "samples/label", "samples/box", "samples/sample", "maps/sample",
                     "marks/sample"}
            self.assertEqual(set(names), rows - given)
            for k, name in enumerate(names):
                wanted = [zlib.crc32(row.tobytes()) for row in f[name][()]]
                self.assertEqual(f["checks/crc32"][:, k].tolist(), wanted, name)
        self.assertIn("ok    checksums", proof.run("verify", self.whole).out)
        for name in names:
            path = self.changed(name, self.path("changed.h5"))
            out = " ".join(proof.run("verify", path, code=1).out.split())
            self.assertRegex(out, rf"FAIL checksums sample {COUNT // 2} \([^)]*\): {name} differs from its checksum")
            done = proof.run("pack", path, "--out", self.path("packed.h5"), code=2)
            self.assertIn(f"row {COUNT // 2} of {name} differs from its checksum, 1 in all", done.error)
            self.assertFalse(os.path.exists(self.path("packed.h5")))
        for copy in ("packed.h5", "again.h5"):
            proof.run("pack", self.whole, "--out", self.path(copy))
            self.assertIn("ok    checksums", proof.run("verify", self.path(copy)).out)

    def test_a_damaged_shard_is_not_merged(self):
        a, b, c = self.shards(3)
        damaged = self.changed("maps/input", self.path("damaged.h5"), b)
        self.refused([a, damaged, c], "of maps/input differs from its checksum")

    def refused(self, shards, says):
        _, done = self.merge(*shards, code=2)
        self.assertIn(says, done.error)
        self.assertEqual(done.error.count("\n"), 1, done.error)
        self.assert_nothing_left()

    def test_what_does_not_belong_together_is_refused(self):
        a, b, c = self.shards(3)
        self.refused([a, c], "not all shards are given: 2/3 is missing")
        self.refused([self.shard(2, 5)], "1/5, 3/5, 4/5, 5/5 are missing")
        self.refused([a, b, b, c], "are both shard 2/3")
        self.refused([a, self.shard(2, 2)], "is a shard of")
        self.refused([self.whole], "is no shard")
        self.refused([a, b, self.whole], "is no shard")
        self.refused([a, b, self.path("nothing.h5")], "nothing.h5")
        other = self.path("other.h5")
        proof.attribute(other, proof.model("shapes"), self.data, *dict_args(("--targets", "predicted")), *SETTINGS[:4],
                        "--unit", 4, "--shard", "3/3")
        self.refused([a, b, other], "setting 'targets'")

    def test_an_incomplete_shard_is_refused(self):
        a, b, c = self.shards(3)
        broken = self.path("broken.h5")
        shutil.copy(b, broken)
        import h5py
        with h5py.File(broken, "r") as f:
            at = f["samples/status"].id.get_offset()
        with open(broken, "r+b") as f:
            f.seek(at + 1)
            f.write(b"\0")
        self.refused([a, broken, c], f"{broken} is not complete: 1 of 8 samples are pending")
        self.attribute(broken, "--shard", "2/3")
        self.assert_same_bytes(b, broken)

    def test_a_failed_merge_leaves_nothing(self):
        """No room for the file: a limit on file sizes; and an output that is there already stays."""
        import resource
        import subprocess
        out = self.path("merged.h5")
        limit = os.path.getsize(self.whole) // 2
        done = subprocess.run([proof.PROGRAM, "merge", "--out", out, *self.shards(3)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assert_nothing_left()
        with open(out, "w", encoding="utf-8") as f:
            f.write("mine")
        _, done = self.merge(*self.shards(3), code=2)
        self.assertIn("exists already", done.error)
        with open(out, encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("merged")], ["merged.h5"])

    def test_wrong_shards_are_usage_errors(self):
        for text, says in (("0/3", "numbered from 1 to 3"), ("4/3", "numbered from 1 to 3"), ("2", "i/n is wanted"),
                           ("a/b", "i/n is wanted"), ("-1/3", "i/n is wanted"), ("1/3x", "i/n is wanted"),
                           ("1/6", "5 shards at most")):
            done = self.attribute(self.path("never.h5"), f"--shard={text}", code=2)
            self.assertIn(says, done.error)
            self.assertFalse(os.path.exists(self.path("never.h5")))

    def test_a_shard_is_another_study_than_the_whole(self):
        for made, args, says in ((self.whole, ("--shard", "1/3"), "shard is all there, 1/3 here"),
                                 (self.shard(1, 3), (), "shard is 1/3 there, all here"),
                                 (self.shard(1, 3), ("--shard", "2/3"), "shard is 1/3 there, 2/3 here")):
            self.assertIn(says, self.attribute(made, *args, code=2).error)
        self.attribute(self.path("one.h5"), "--shard", "1/1")
        self.assert_same_bytes(self.whole, self.path("one.h5"))

    def test_readers_take_a_shard(self):
        from format_check import check
        self.assertEqual(check(self.shard(2, 3)), [])
        for job in ("inspect", "verify", "render"):
            args = ("--out", self.path("panels")) if job == "render" else ()
            proof.run(job, self.shard(2, 3), *args)


class Tasks(proof.Case):
    def test_several_tasks_and_one_rank(self):
        """Slurm's tasks that MPI does not connect would all do the same work."""
        args = [self.path("s.h5"), proof.model("shapes"), proof.demo("manifest.csv"), "--limit", 4]
        env = {**os.environ, "SLURM_NTASKS": "8"}
        done = proof.attribute(*args, env=env, code=2)
        self.assertRegex(done.error, r"Slurm gives 8 tasks .*one rank.*srun --mpi=pmix.*--single")
        self.assertFalse(os.path.exists(args[0]))
        proof.attribute(*args, "--dry-run", env=env)
        proof.attribute(*args, env=env, ranks=2)
        proof.attribute(*args, "--single", env=env)
        proof.attribute(*args, env={**os.environ, "SLURM_NTASKS": "1"})


def dict_args(args):
    """--limit comes with every study of this test."""
    return (*args, "--limit", COUNT)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    proof.main()
