"""A cause, made by itself, and how a person does what its hint says. The doctor is asked, what it prints is done, and the
doctor goes on: to the end, or to the next link that is broken."""
from collections.abc import Callable
from dataclasses import dataclass

from support.clinic import Patient
from support.hints import Hint

HEALTHY = None


@dataclass(frozen=True)
class Cause:
    row: str
    make: Callable  # the clinic to the patient; as a generator it puts right at its end what others use, too
    mend: Callable[[Patient, Hint], None]
    then: str | None = HEALTHY  # the next diagnosis
    about: str = ""

    def __str__(self):
        return f"{self.row} {self.about}".strip()


def check(clinic, cause: Cause):
    made = cause.make(clinic)
    patients = made if hasattr(made, "__next__") else iter([made])
    patient = next(patients)
    try:
        hint = Hint.of(patient.doctor(), cause.row)
        cause.mend(patient, hint)
        outcome = patient.doctor()
        assert outcome.document["diagnosis"] == cause.then, str(outcome)
    finally:
        assert next(patients, None) is None


# --- what a person does ------------------------------------------------------------------------------------------------

def follow(patient, hint, **options):
    hint.follow(patient.client, **options)


def name_server(url):
    def mend(patient, hint):
        patient.client.server = url(patient) if callable(url) else url
    return mend


def name_good_server(patient, hint):
    patient.client.server = patient.client.store.option


def add(*options):
    def mend(patient, hint):
        patient.args += [str(o(patient) if callable(o) else o) for o in options]
    return mend


def in_turn(*steps):
    def mend(patient, hint):
        for step in steps:
            step(patient, hint)
    return mend


def someone_mends(what):
    """Whoever the hint sends to has done it."""
    return lambda patient, hint: what(patient)


def without_last(count):
    def mend(patient, hint):
        del patient.args[-count:]
    return mend
