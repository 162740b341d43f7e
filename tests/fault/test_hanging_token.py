"""A PKCS#11 module that does not answer any more: the run ends by itself, and tells it as it tells any failure."""
import pytest

from support.hints import Hint


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.mark.slow  # the limit is a minute
@pytest.mark.parametrize("output", ["json", "text"])
def test_a_token_that_hangs_while_it_signs_ends_the_run(world, binary, output):
    module = binary.parent.parent / "tests" / "libfake_pkcs11.so"
    assert module.exists(), f"{module} is not there: build the tests too"
    user = world.client(env={"COUNTERSIGN_PKCS11_MODULE": str(module), "COUNTERSIGN_PIN": "1234"})
    certificate = user.work / "jenkins.crt"
    arguments = ["key", "cert", "pkcs11:token=fake;object=key", "--cn", "jenkins", "--out", certificate]

    outcome = user.run(*arguments, output=output, env={"FAKE_PKCS11": "hang=C_Sign@1"})

    assert outcome.exit_code == 10, str(outcome)
    assert outcome.error[0] == "TOKEN_FAILED" and outcome.error[1].endswith("no answer within 60 s"), str(outcome)
    assert outcome.stdout == "" or outcome.document["error"]["code"] == "TOKEN_FAILED", str(outcome)
    assert (outcome.stdout == "") == (output == "text")
    Hint.of(outcome, "token-hangs")
    assert not certificate.exists()
    user.ok(*arguments)  # somebody has started it anew
