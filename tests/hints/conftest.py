import pytest

from support.clinic import Clinic


@pytest.fixture(scope="session")
def clinic(tmp_path_factory, binary):
    clinic = Clinic(tmp_path_factory.mktemp("hints"), binary)
    yield clinic
    clinic.close()
