#!/usr/bin/env python3
"""Log the decisions of a small run and open them with xarray, both engines, and with h5py.

usage: check_decisions.py NEXTBEST; exit 77 (skipped) where the Python packages are missing.
"""

import os
import subprocess
import sys
import tempfile

try:
    import h5netcdf  # noqa: F401  (an engine of xarray)
    import h5py
    import netCDF4  # noqa: F401  (an engine of xarray)
    import numpy as np
    import xarray as xr
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

EXPERIMENT = """
name: small
scenario: everyday
customers: 80
periods: 6
replications: 1
log: {decisions: 0.5, truth: true}
strategies:
  never: {}
  random: {all: {policy: random}}
"""


def truth_of(log):
    """[decision, action] truth, in the order of the actions."""
    n = sum(name.startswith("truth_") for name in log.data_vars)
    return np.stack([log[f"truth_{k}"].values for k in range(n)], axis=1)


def check_log(log):
    n = log.sizes["decision"]
    assert n > 100 and dict(log.sizes) == {"decision": n}, log.sizes
    assert log.decision.values.tolist() == list(range(n))
    points = log.point.attrs["flag_meanings"].split()
    assert points == ["recognize", "display", "product", "offer", "respond", "repeat"]
    assert log.point.attrs["flag_values"].tolist() == list(range(6))
    assert np.all(np.diff(log.period.values) >= 0)
    assert log.attrs["Conventions"] == "CF-1.8"
    assert len(log.attrs["unit_key"]) == 32 and float(log.attrs["share"]) == 0.5

    names = log.action.attrs["actions_recognize"]
    assert list(names)[:3] == ["wait", "email", "message"]
    asks = log.point.values == points.index("recognize")
    assert log.action.values[asks].max() < len(names)
    allowed = log.allowed.values
    assert np.all(allowed >> log.action.values & 1 == 1)
    # random plays each allowed action alike
    n_allowed = np.array([bin(mask).count("1") for mask in allowed.astype(np.uint64).tolist()])
    np.testing.assert_allclose(log.propensity.values, 1 / n_allowed, rtol=1e-12)
    assert "recognize: by policy random" in list(log.propensity.attrs["computed"])

    assert np.all(log.x_one.values == 1) and log.x_one.dtype == np.float32
    slates = log.point.values == points.index("product")
    assert np.all(log.action_2.values[~slates] == -1)
    assert np.all(np.isnan(log.propensity_2.values) == (log.action_2.values == -1))

    truth = truth_of(log)
    assert np.all(np.isnan(truth[slates]))
    chosen = truth[~slates][np.arange((~slates).sum()), log.action.values[~slates]]
    np.testing.assert_array_equal(chosen, log.value.values[~slates])
    for k in range(truth.shape[1]):
        np.testing.assert_array_equal(~np.isnan(truth[~slates, k]), allowed[~slates] >> k & 1 == 1)


def main():
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/small.yaml", "w", encoding="utf-8") as file:
            file.write(EXPERIMENT)
        subprocess.run([os.path.abspath(sys.argv[1]), "run", "small.yaml", "-o", "small.h5", "--quiet"],
                       cwd=folder, check=True)
        with h5py.File(f"{folder}/small.h5") as file:
            keys = [key.decode() for key in file["unit_key"][:, 0]]
        paths = [f"{folder}/small.store/decisions/{key}.h5" for key in keys]
        for engine in ("netcdf4", "h5netcdf"):
            with xr.open_dataset(paths[0], engine=engine) as log:  # never: no decisions
                assert log.sizes["decision"] == 0
            with xr.open_dataset(paths[1], engine=engine) as log:
                check_log(log)
            print(f"ok {engine}")
        with h5py.File(paths[1]) as file:
            value = file["value"]
            assert value.compression == "gzip" and value.shuffle and value.fletcher32
            assert value.dims[0].keys() == ["decision"]
        print("ok layout")


if __name__ == "__main__":
    main()
