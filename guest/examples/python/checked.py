"""Types of a report. The bindings reject a wrong one too, but do not say where it is."""

from wit_world.imports.metrics import Samples_Histogram


def checked(report, manifest):
    """Returns the report. Raises an error that names the first value of a wrong type."""
    declared = {it.name: it for it in manifest.collectors}
    for outcome in report.outcomes:
        at = outcome.collector
        if at not in declared:
            raise TypeError(f"`{at}` is no declared collector")
        families = {it.name: it for it in declared[at].families}
        expect(f"{at}: state", bytes | None, outcome.state)
        for field in ("requests", "skipped_rows", "duration_milliseconds"):
            expect(f"{at}: {field}", int, getattr(outcome, field))
        for family in outcome.families:
            if family.name not in families:
                raise TypeError(f"{at}: `{family.name}` is no declared family")
            if not isinstance(family.samples, Samples_Histogram):
                check_points(f"{at}: {family.name}", families[family.name].labels, family.samples)
    return report


def check_points(at, labels, samples):
    for point in samples.value:
        expect(f"{at}: value", int | float, point.value)
        expect(f"{at}: label_values", list, point.label_values)
        for value in point.label_values:
            expect(f"{at}: label_values", str, value)
        if len(point.label_values) != len(labels):
            values = point.label_values
            raise TypeError(f"{at}: label_values: expected {len(labels)} values, found {values}")


def expect(at, kind, value):
    if not isinstance(value, kind):
        name = getattr(kind, "__name__", kind)
        raise TypeError(f"{at}: expected {name}, found {value!r}")
