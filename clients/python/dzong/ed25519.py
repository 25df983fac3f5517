"""Ed25519 by ZIP 215, the rule that all validators of a Dzong network share.

OpenSSL (through `cryptography`) decides otherwise at the edges: it checks the equation without the
cofactor and compares R as bytes, so it refuses signatures that a certificate may hold. What it
accepts, ZIP 215 accepts: its equation implies ours, and both hash the bytes as they came. So
OpenSSL answers for honest signatures in microseconds, and only what it refuses is decided here, by
the definition and slowly (milliseconds). Everything here is public: no constant time is needed.
"""

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
#: Points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
NEUTRAL = (0, 1, 1, 0)


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is `key`'s."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return verify_zip215(key, message, signature)


def verify_zip215(key: bytes, message: bytes, signature: bytes) -> bool:
    """The rule itself: s < order, A and R are points in any spelling, [8][s]B = [8]R + [8][k]A."""
    if len(key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    a, r = point(key), point(signature[:32])
    if s >= ORDER or a is None or r is None:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    # [s]B - [k]A - R, times eight, is the neutral element.
    rest = add(add(multiply(s, BASE), multiply(ORDER - k, a)), negate(r))
    # ORDER - k stands for -k up to a point of small order, which the cofactor removes.
    x, y, z, _ = double(double(double(rest)))
    return x % P == 0 and (y - z) % P == 0


@lru_cache(maxsize=1024)
def point(data: bytes):
    """The point that 32 bytes encode; y beyond the prime and a minus zero x are allowed."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & ((1 << 255) - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    # RFC 8032, section 5.1.3: the candidate root of u/v.
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == P - u and u:
        x = x * SQRT_MINUS_ONE % P
    if v * x * x % P != u:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def add(p, q):
    """The sum, by the complete formulas of RFC 8032, section 5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(p):
    return add(p, p)


def negate(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def multiply(factor: int, p):
    product = NEUTRAL
    for bit in bin(factor)[2:]:
        product = double(product)
        if bit == "1":
            product = add(product, p)
    return product


#: The base point: y = 4/5, x even.
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
