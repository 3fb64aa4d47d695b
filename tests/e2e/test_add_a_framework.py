"""docs/how-to/add-a-framework.md followed to its end: the library and the framework as installed packages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

import sealift

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-framework.md"
TRY = """
import warnings
import numpy as np
import scorecards, sealift

warnings.simplefilter("error")
card = scorecards.Scorecard({"age": 0.5, "smoker": 3.0})
card.save("card.txt")
X = np.column_stack([np.linspace(20, 90, 40), np.tile([0.0, 1.0], 20)])
np.savetxt("rows.csv", X, delimiter=",", header="age,smoker", comments="")
print(sealift.pack(card, X, name="card", proof=sealift.ProofOptions(engines=("native",))).steps)
"""


def test_follow_the_page(tmp_path: Path) -> None:
    library, framework, _ = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    points = re.search(r'^```toml\n\[project.entry-points."(.*?)"\]\n(.*?)^```', PAGE.read_text(), re.M | re.DOTALL)
    assert points is not None
    site = tmp_path / "site"
    (site / "scorecards-1.dist-info").mkdir(parents=True)
    (site / "scorecards-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: scorecards\nVersion: 1\n")
    declared = f"[{points[1]}]\n{points[2]}".replace('"', "")
    (site / "scorecards-1.dist-info" / "entry_points.txt").write_text(declared)
    (site / "scorecards.py").write_text(library)
    (site / "sealift_scorecards.py").write_text(framework)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(site), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "[{'path': 'Scorecard', 'how': 'own'}]" in run("-c", TRY)
    run("-m", "sealift", "pack", "card.txt", "--data", "rows.csv", "--name", "file", "--engines", "native")
    for name in ("card.seal", "file.seal"):
        model = sealift.load(tmp_path / name)
        assert model.predict(np.array([[40.0, 1.0]]))["value"] == 23.0
