"""How a job can go wrong."""


class ProbeFailed(Exception):
    """The job ended with an error, or could not be begun; the text says why."""


class ProbeStuck(Exception):
    """The job overran its deadline; its worker was killed and is replaced."""


class ProbeBusy(Exception):
    """An earlier job of the same key overran and still has not come back from the kernel."""
