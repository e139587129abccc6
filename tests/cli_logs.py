"""What a run says: one updating line on a terminal, plain lines in a log, JSON lines; and why it ended."""

import json
import os
import pty
import re
import signal
import subprocess
import time

import proof

LINE = (r"attribute: (\d+) of 48 samples \((\d+\.\d) %\), [0-9.e+]+ samples/s, (\d+ s|\d+ min|[0-9.]+ h|\?)( left)?, "
        r"imbalance (\d+) %, I/O (\d+) %")


class Logs(proof.Case):
    def args(self, *more):
        return ["attribute", "--model", proof.model("shapes"), "--data", proof.demo("manifest.csv"), "--out",
                self.path("s.h5"), "--methods", "basic", "--layers", "all", "--unit", 1, "--limit", 48, *more]

    def test_a_log_file_has_plain_lines_and_the_reason_of_the_end(self):
        for ranks in (1, 2):
            out = proof.run(*self.args("--log-every", 0.05, "--force"), ranks=ranks).error
            lines = [line for line in out.splitlines() if line.startswith("attribute: ")]
            self.assertGreater(len(lines), 3, out)
            done = []
            for line in lines[:-1]:
                self.assertRegex(line, f"^{LINE}$")
                done.append(int(re.match(LINE, line)[1]))
            self.assertEqual(done, sorted(done))
            self.assertEqual(done[-1], 48)
            self.assertRegex(lines[-1], r"^attribute: ended after \d+\.\d s: complete$")
            self.assertEqual(out.splitlines()[-1], lines[-1])

    def test_every_thirty_seconds_is_the_default(self):
        out = proof.run(*self.args()).error
        self.assertEqual(len(re.findall(rf"(?m)^{LINE}$", out)), 1, out)  # the last one alone

    def test_a_terminal_has_one_updating_line(self):
        parent, child = pty.openpty()
        with subprocess.Popen(proof.command(self.args("--targets", "label,predicted,least")), stdout=subprocess.DEVNULL,
                              stderr=child) as p:  # several updates, also on a fast machine
            os.close(child)
            text = b""
            while True:
                try:
                    piece = os.read(parent, 4096)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                text += piece
            self.assertEqual(p.wait(), 0)
        os.close(parent)
        shown = [t for t in text.decode().split("\r\x1b[K") if t.startswith("attribute: ")]
        self.assertGreater(len(shown), 1, text)
        for t in shown[:-1]:
            self.assertRegex(t, f"^{LINE}$")
            self.assertNotIn("\n", t)
        self.assertRegex(shown[-1].replace("\r\n", "\n"), rf"^{LINE}\nattribute: ended after \d+\.\d s: complete\n$")

    def test_json_lines(self):
        out = proof.run(*self.args("--log-every", 0.05, "--log-json"), ranks=2).error
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(events[-1]["event"], "end")
        self.assertEqual((events[-1]["reason"], events[-1]["done"], events[-1]["pending"]), ("complete", 48, 0))
        progress = [e for e in events if e["event"] == "progress"]
        self.assertGreater(len(progress), 2)
        for e in progress:
            self.assertEqual(e["total"], 48)
            self.assertGreaterEqual(e["imbalance"], 0)
            self.assertLessEqual(e["io"], 1)
        end = proof.runs(self.path("s.h5"))[-1]
        self.assertLess(0, end["io"])
        self.assertLessEqual(end["imbalance"], 1)

    def test_a_failure_is_the_last_line(self):
        broken = self.file("broken.onnx", b"no model")
        for json_too in (False, True):
            args = [broken if a == proof.model("shapes") else a for a in self.args(*["--log-json"][:json_too])]
            last = proof.run(*args, ranks=2, code=2).error.splitlines()
            last = [line for line in last if "retrograd" in line or line.startswith("{")][-1]
            if json_too:
                got = json.loads(last)
                self.assertEqual((got["event"], got["reason"], got["rank"]), ("end", "failed", 0))
                self.assertIn("broken.onnx", got["error"])
            else:
                self.assertRegex(last, r"^retrograd attribute: .*broken\.onnx.* \(rank 0 on .*\)$")

    def test_a_stop_is_the_reason(self):
        with subprocess.Popen(proof.command(self.args("--log-every", 0.01), 2), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as p:
            while not os.path.exists(self.path("s.h5")):
                time.sleep(0.01)
            p.send_signal(signal.SIGUSR1)
            out = p.stderr.read()
            self.assertEqual(p.wait(), 75, out)
        self.assertIn("ended after", out)
        self.assertIn("stopped by SIGUSR1, the warning before a time limit; start the same command again", out)

    def test_quiet_says_nothing_of_it(self):
        self.assertNotIn("attribute: ", proof.run(*self.args("--quiet")).error)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    proof.main()
