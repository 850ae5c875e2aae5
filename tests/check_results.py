#!/usr/bin/env python3
"""Open a results.h5 of the test program with xarray, both engines, and look at what a user sees.

usage: check_results.py TEST_RESULTS_PROGRAM; exit 77 (skipped) where the Python packages are missing.
"""

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


def check_dataset(path, engine):
    with xr.open_dataset(path, engine=engine) as data:
        assert dict(data.sizes) == {
            "cell": 3, "replication": 2, "period": 5, "segment": 2,
        }, data.sizes
        assert data.cell.values.tolist() == ["never", "weekly", "weekly, decay 0.5 – half"]
        assert data.replication.values.tolist() == [0, 1]
        assert data.period.values.tolist() == [0, 1, 2, 3, 4]
        for name in ("cell", "replication", "period", "segment"):
            assert name in data.coords, name

        assert data.equity.dims == ("cell", "replication")
        assert data.active_t.dims == ("cell", "replication", "period")
        assert data.equity_by_segment.dims == ("cell", "replication", "segment")
        assert data.equity.attrs["units"] == "EUR"
        assert data.equity.attrs["long_name"] == "value of a customer"
        assert data.equity.dtype == np.float64

        # units 0, 1 and 4 are there; churn of unit 1 is missing within a unit
        assert data.status.values.astype(int).tolist() == [[1, 1], [0, 0], [1, 0]]
        np.testing.assert_array_equal(
            data.equity.values, [[100, 101], [np.nan, np.nan], [104, np.nan]]
        )
        np.testing.assert_array_equal(
            data.churn.values, [[0, np.nan], [np.nan, np.nan], [-1.0 / 3.0 * 4, np.nan]]
        )
        np.testing.assert_array_equal(data.active_t.values[2, 0], [40, 41, 42, 43, 44])
        assert np.isinf(data.equity_by_segment.values[0, 0, 1])

        # settings and labels are coordinates over cells, so that they select and group
        assert data.equity.scenario.values.tolist() == ["everyday", "everyday", "plain"]
        assert data.equity.strategy.values.tolist() == ["never", "weekly", "weekly"]
        assert data.param_fatigue_decay.attrs["key"] == "fatigue.decay"
        np.testing.assert_array_equal(data.param_fatigue_decay.values, [np.nan, 0.75, 0.5])
        assert data.param_1.attrs["key"] == "fatigue_decay"
        phase = data.param_strategies_weekly_all_phase
        assert phase.values.tolist() == ["", "same", "staggered"]
        assert "param_fatigue_decay" in data.equity.coords
        assert float(data.equity.sel(cell="weekly, decay 0.5 – half", replication=0)) == 104

        assert data.seed.values.tolist() == [[1, 2], [1, 2], [1, 2]]
        assert len(str(data.unit_key.values[0, 0])) == 32
        assert data.attrs["Conventions"] == "CF-1.8"
        assert data.attrs["title"] == "fatigue"
        assert data.attrs["baseline"] == "never"
        assert data.attrs["hypothesis"] == ""


def check_layout(path):
    """What xarray does not show: filters, checksums, order, provenance."""
    with h5py.File(path, "r") as file:
        for name in ("equity", "active_t", "equity_by_segment", "seed", "status"):
            variable = file[name]
            assert variable.compression == "gzip" and variable.compression_opts == 4, name
            assert variable.shuffle and variable.fletcher32, name
            assert all(axis.keys() for axis in variable.dims), name
        assert file["active_t"].dims[2].keys() == ["period"]
        assert file["provenance/config"].asstr()[()] == "name: fatigue\n"
        for name in ("plan_hash", "version", "compiler", "libraries"):
            assert file["provenance"].attrs[name], name


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "--sample", folder], check=True)
        path = f"{folder}/results.h5"
        for engine in ("netcdf4", "h5netcdf"):
            check_dataset(path, engine)
            print(f"ok {engine}")
        check_layout(path)
        print("ok layout")


if __name__ == "__main__":
    main()
