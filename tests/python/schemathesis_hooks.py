"""Schemathesis reads the media types of DID Resolution as the JSON that they are."""

import json

import schemathesis


@schemathesis.deserializer(
    "application/did",
    "application/did-resolution",
    "application/did-url-dereferencing",
    "application/ld+json",
    "application/schema+json",
)
def read(_context, response):
    return json.loads(response.content)


#: DID Resolution gives these two no status of their own, and "anything else" is 500.
_OF_THE_STANDARD = (
    b"https://w3id.org/security#INVALID_VERIFICATION_METHOD",
    b"https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD",
)
#: METHOD_NOT_SUPPORTED of DID Resolution; nothing is certified yet.
_EXPECTED = (501, 503)


@schemathesis.check
def no_server_error(_context, response, _case):
    """No answer is a server error, but for those by which the standard names a client's."""
    is_error = response.status_code >= 500 and response.status_code not in _EXPECTED
    if is_error and not any(code in response.content for code in _OF_THE_STANDARD):
        raise AssertionError(f"server error {response.status_code}")
