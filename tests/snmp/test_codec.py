"""Our messages are those that pysnmp writes and reads; damaged ones are refused, never misread."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.entity import config
from pysnmp.proto import api, rfc1902, rfc1905

from hwagent.snmp.access import Access
from hwagent.snmp.ber import OCTETS, Damaged, packed, packed_number
from hwagent.snmp.dialects import Again, Community, User
from hwagent.snmp.keys import SIGNATURES, keys
from hwagent.snmp.pdu import GET, GET_BULK, REPORT, RESPONSE, Pdu, pdu_of, trap_of
from hwagent.snmp.usm import Clock, envelope, opened, scoped, sealed
from hwagent.snmp.walk import Value

#: Machines are slow at times.
PATIENT = settings(deadline=None, max_examples=60)
V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
PUBLIC = Community(Access(address="::1", port=1, version="2c", community="public"))
OIDS = st.builds(
    lambda first, second, rest: (first, second, *rest),
    st.integers(0, 2),
    st.integers(0, 39),
    st.lists(st.integers(0, 2**32 - 1), max_size=20),
)
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (n, rfc1902.Integer32(n))),
    st.integers(0, 2**32 - 1).map(lambda n: (n, rfc1902.Counter32(n))),
    st.integers(0, 2**32 - 1).map(lambda n: (n, rfc1902.Gauge32(n))),
    st.integers(0, 2**32 - 1).map(lambda n: (n, rfc1902.TimeTicks(n))),
    st.integers(0, 2**64 - 1).map(lambda n: (n, rfc1902.Counter64(n))),
    st.binary(max_size=300).map(lambda b: (b, rfc1902.OctetString(b))),
    st.binary(min_size=4, max_size=4).map(lambda b: (b, rfc1902.IpAddress(b))),
    OIDS.map(lambda o: (o, rfc1902.ObjectIdentifier(o))),
    st.sampled_from([rfc1905.endOfMibView, rfc1905.noSuchObject, rfc1905.noSuchInstance]).map(
        lambda none: (None, none)
    ),
)
PAIRS = st.lists(st.tuples(OIDS, VALUES), max_size=20)


def theirs(pairs: list[tuple[Any, Any]], request: int = 7, pdu: Any = None) -> bytes:
    """A message of pysnmp."""
    message, pdu = V2C.Message(), pdu or V2C.GetResponsePDU()
    V2C.apiMessage.set_defaults(message)
    V2C.apiMessage.set_community(message, "public")
    V2C.apiPDU.set_defaults(pdu)
    V2C.apiPDU.set_request_id(pdu, request)
    V2C.apiPDU.set_varbinds(pdu, [(V2C.ObjectIdentifier(o), value) for o, (_, value) in pairs])
    V2C.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def ours(data: bytes) -> Pdu | None:
    try:
        return PUBLIC.unpack(0.0, data)
    except Damaged:
        return None


@PATIENT
@given(PAIRS, st.integers(0, 2**31 - 1))
def test_what_pysnmp_writes_is_read_as_it_was_meant(pairs: Any, request: int) -> None:
    pdu = ours(theirs(pairs, request))
    assert pdu is not None
    assert (pdu.tag, pdu.request, pdu.status) == (RESPONSE, request, 0)
    assert pdu.pairs == [(oid, value) for oid, (value, _) in pairs]


@PATIENT
@given(st.lists(OIDS, min_size=1, max_size=20), st.integers(0, 2**31 - 1), st.integers(1, 60))
def test_pysnmp_reads_what_we_ask(oids: list[tuple[int, ...]], request: int, repeat: int) -> None:
    data = PUBLIC.pack(0.0, GET_BULK, request, oids, repeat)
    message, rest = decoder.decode(data, asn1Spec=V2C.Message())
    pdu = V2C.apiMessage.get_pdu(message)
    assert rest == b""
    assert bytes(V2C.apiMessage.get_community(message)) == b"public"
    assert int(V2C.apiBulkPDU.get_max_repetitions(pdu)) == repeat
    assert int(V2C.apiPDU.get_request_id(pdu)) == request
    assert [tuple(oid) for oid, _ in V2C.apiPDU.get_varbinds(pdu)] == oids


@PATIENT
@given(PAIRS, st.data())
def test_a_damaged_message_is_refused_or_read_as_pysnmp_reads_it(pairs: Any, data: Any) -> None:
    whole = bytearray(theirs(pairs))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for damaged in (bytes(whole), cut):
        pdu = ours(damaged)
        if pdu is not None and (other := _read(damaged)) is not None:
            assert pdu.pairs == other


def _read(data: bytes) -> list[tuple[Any, Any]] | None:
    """What pysnmp reads; None if it refuses."""
    try:
        message, _ = decoder.decode(data, asn1Spec=V2C.Message())
        pairs = V2C.apiPDU.get_varbinds(V2C.apiMessage.get_pdu(message))
        return [(tuple(oid), _plain(value)) for oid, value in pairs]
    except (PyAsn1Error, IndexError, ValueError, TypeError):
        return None


def _plain(value: Any) -> Value | None:
    if value.__class__.__name__ in ("EndOfMibView", "NoSuchObject", "NoSuchInstance", "Null"):
        return None
    if isinstance(value, univ.ObjectIdentifier):
        return tuple(value)
    return int(value) if isinstance(value, univ.Integer) else bytes(value)


@PATIENT
@given(st.binary(max_size=200))
@example(b"\x30\x84\xff\xff\xff\xff")
@example(b"0\x80")
def test_noise_is_refused(data: bytes) -> None:
    assert ours(data) is None
    with pytest.raises(Damaged):
        opened(envelope(data), keys("", "", "", "", b""))


@pytest.mark.parametrize(
    "value",
    [b"\x41\x05\x01\x00\x00\x00\x00", b"\x46\x0a" + b"\x01" * 10, b"\x02\x00", b"\x99\x01\x01"],
)
def test_values_that_no_type_has_are_refused(value: bytes) -> None:
    pair = packed(0x30, b"\x06\x02\x2b\x06", value)
    pdu = packed(RESPONSE, *(packed_number(0),) * 3, packed(0x30, pair))
    with pytest.raises(Damaged):
        pdu_of(pdu, 0, len(pdu))


def test_traps_of_version_1_are_those_of_version_2() -> None:
    """RFC 3584, 3.1: by a generic number, or by the maker's own."""
    values = packed(0x30, packed(0x30, b"\x06\x02\x2b\x06", packed_number(9)))
    for generic, specific, oid in [
        (2, 0, (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)),
        (6, 12, (1, 3, 6, 1, 4, 1, 9, 0, 12)),
    ]:
        parts = (
            *(b"\x06\x06\x2b\x06\x01\x04\x01\x09", packed(0x40, bytes(4))),
            *(packed_number(generic), packed_number(specific), packed_number(77, 0x43)),
        )
        data = packed(0xA4, *parts, values)
        trap = trap_of(pdu_of(data, 0, len(data)))
        assert (trap.oid, trap.uptime, trap.values[(1, 3, 6)]) == (oid, 77, 9)


ENGINE = bytes.fromhex("000000000000000000000002")


def test_the_key_of_rfc_3414() -> None:
    key = keys("sha", "maplesyrup", "", "", ENGINE).auth_key
    assert key.hex() == "6695febc9288e36282235fc7151f128497b38f3f"


@pytest.mark.parametrize("auth", SIGNATURES)
@pytest.mark.parametrize(
    ("privacy", "service"),
    [
        ("aes", config.USM_PRIV_CFB128_AES),
        ("aes192", config.USM_PRIV_CFB192_AES),
        ("aes256", config.USM_PRIV_CFB256_AES),
    ],
)
def test_keys_are_those_of_pysnmp(auth: str, privacy: str, service: Any) -> None:
    signing = {
        "sha": config.USM_AUTH_HMAC96_SHA,
        "sha224": config.USM_AUTH_HMAC128_SHA224,
        "sha256": config.USM_AUTH_HMAC192_SHA256,
        "sha384": config.USM_AUTH_HMAC256_SHA384,
        "sha512": config.USM_AUTH_HMAC384_SHA512,
    }[auth]
    found = keys(auth, "auctoritas", privacy, "privatissima", ENGINE)
    one, two = config.AUTH_SERVICES[signing], config.PRIV_SERVICES[service]
    engine = rfc1902.OctetString(ENGINE)
    assert found.auth_key == one.localize_key(one.hash_passphrase(b"auctoritas"), engine)
    secret = two.localize_key(signing, two.hash_passphrase(signing, b"privatissima"), engine)
    assert found.privacy_key == bytes(secret)


def user(**more: str) -> User:
    options = {"auth": "sha256", "auth_key": "auctoritas", "privacy": "aes", **more}
    options.setdefault("privacy_key", "privatissima")
    return User(Access(address="::1", port=1, version="3", user="watcher", **options))


def met(**more: str) -> User:
    """A user that has been told the name of the engine."""
    found = user(**more)
    whole = scoped(ENGINE, "", _report(4))
    unknown = sealed(1, "", keys("", "", "", "", b""), Clock(ENGINE), 0.0, b"", whole)
    with pytest.raises(Again):
        found.unpack(0.0, unknown)
    return found


def _report(number: int) -> bytes:
    counter = packed(0x30, packed(6, bytes((43, 6, 1, 6, 3, 15, 1, 1, number, 0))), b"\x41\x01\x01")
    return packed(REPORT, *(packed_number(0),) * 3, packed(0x30, counter))


def answer(of: User, boots: int, seconds: int, message: int = 5) -> bytes:
    """A signed and encrypted answer of the engine when its clock shows so much."""
    pair = packed(0x30, b"\x06\x02\x2b\x06", packed(OCTETS, b"well"))
    pdu = packed(RESPONSE, packed_number(message), *(packed_number(0),) * 2, packed(0x30, pair))
    clock = Clock(ENGINE, boots, seconds)
    return sealed(
        message, "watcher", of.keys, clock, 0.0, b"saltsalt", scoped(ENGINE, "", pdu), flags=0
    )


def test_a_signed_answer_is_believed() -> None:
    of = met()
    assert of.unpack(0.0, answer(of, 3, 100)).pairs == [((1, 3, 6), b"well")]
    assert of.synchronised


@PATIENT
@given(st.data())
def test_no_bit_of_a_signed_answer_can_be_changed(data: Any) -> None:
    of = MET
    whole = bytearray(answer(of, 3, 100))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    pdu = None
    with suppress(Damaged):
        pdu = of.unpack(0.0, bytes(whole))
    assert pdu is None


MET = met()


def test_an_old_answer_is_refused() -> None:
    of = met()
    old, older = answer(of, 3, 100), answer(of, 2, 9000)
    assert of.unpack(0.0, answer(of, 3, 100 + 151))
    for replayed in (old, older):
        with pytest.raises(Damaged, match="old"):
            of.unpack(0.0, replayed)


def test_another_engine_is_refused_and_so_is_an_answer_in_the_clear() -> None:
    of, stranger = met(), met()
    assert stranger.clock is not None
    stranger.clock.engine = b"another"
    with pytest.raises(Damaged, match="engine"):
        stranger.unpack(0.0, answer(of, 3, 100))
    clear = met(privacy="", privacy_key="")
    with pytest.raises(Damaged, match="not encrypted"):
        of.unpack(0.0, answer(clear, 3, 100))


def test_a_request_is_read_by_its_engine_only_with_its_keys() -> None:
    of = met()
    data = of.pack(0.0, GET, 5, [(1, 3, 6)], 0)
    assert opened(envelope(data), of.keys).pdu.pairs == [((1, 3, 6), None)]
    wrong = met(auth_key="another key")
    with pytest.raises(Damaged, match="signature"):
        opened(envelope(data), wrong.keys)
