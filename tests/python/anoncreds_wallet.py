"""Issuer, holder and verifier of AnonCreds v1, with other people's library (anoncreds 0.2.3).

All three in one process, for tests of what a ledger does with revocation: status lists come from
outside as JSON text, and what a wallet and a verifier make of them is seen here.
"""

import json
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anoncreds

#: Attributes of every credential made here, and what they say.
ATTRIBUTES = {"name": "Dorji", "age": "33"}
_LINK_SECRET_ID = "default"

#: Publishes an object of a kind, with its tails file if it has one, and returns its identifier.
Publish = Callable[[str, dict[str, Any], Path | None], str]


class Issuer:
    """One schema, one credential definition that supports revocation, one revocation registry."""

    def __init__(
        self, did: str, max_cred_num: int, tails_dir: str | Path, publish: Publish | None = None
    ):
        """Makes all keys, and the tails file in `tails_dir`.

        `publish` puts the `schema`, `cred_def` and `rev_reg_def` where others find them and says by
        which identifier; without it they are named after the DID.
        """
        publish = publish or (lambda kind, _content, _tails: f"{did}/{kind}")
        self.did = did
        self._schema = anoncreds.Schema.create("person", "1.0", did, list(ATTRIBUTES))
        self.schema_id = publish("schema", self.schema, None)
        self._cred_def, self._cred_def_key, self._key_proof = anoncreds.CredentialDefinition.create(
            self.schema_id, self._schema, did, "default", "CL", support_revocation=True
        )
        self.cred_def_id = publish("cred_def", self.cred_def, None)
        self._rev_reg_def, self._rev_reg_key = anoncreds.RevocationRegistryDefinition.create(
            self.cred_def_id,
            self._cred_def,
            did,
            "default",
            "CL_ACCUM",
            max_cred_num,
            tails_dir_path=str(tails_dir),
        )
        self.tails_path = Path(self._rev_reg_def.tails_location)
        self.rev_reg_def_id = publish("rev_reg_def", self.rev_reg_def, self.tails_path)

    @property
    def schema(self) -> dict[str, Any]:
        """The schema's JSON."""
        return self._schema.to_dict()

    @property
    def cred_def(self) -> dict[str, Any]:
        """The credential definition's JSON."""
        return self._cred_def.to_dict()

    @property
    def rev_reg_def(self) -> dict[str, Any]:
        """The revocation registry definition's JSON; `tailsLocation` is a path on this machine."""
        return self._rev_reg_def.to_dict()

    def status_list(self, timestamp: int) -> str:
        """The library's own first status list, with all credentials in force."""
        made = anoncreds.RevocationStatusList.create(
            self._cred_def,
            self.rev_reg_def_id,
            self._rev_reg_def,
            self._rev_reg_key,
            self.did,
            issuance_by_default=True,
            timestamp=timestamp,
        )
        return made.to_json()

    def update(
        self,
        status_list: str,
        timestamp: int,
        revoked: list[int] | None = None,
        reinstated: list[int] | None = None,
    ) -> str:
        """The library's own next status list. Never revoke index 0: that publishes a secret."""
        made = anoncreds.RevocationStatusList.load(status_list).update(
            self._cred_def, self._rev_reg_def, self._rev_reg_key, reinstated, revoked, timestamp
        )
        return made.to_json()

    def issue(self, holder: "Holder", index: int, status_list: str) -> None:
        """Issues a credential at a position of the registry, and puts it into the wallet."""
        offer = anoncreds.CredentialOffer.create(self.schema_id, self.cred_def_id, self._key_proof)
        request, metadata = holder.request(self, offer)
        credential = anoncreds.Credential.create(
            self._cred_def,
            self._cred_def_key,
            offer,
            request,
            ATTRIBUTES,
            None,
            anoncreds.CredentialRevocationConfig(
                self._rev_reg_def,
                self._rev_reg_key,
                anoncreds.RevocationStatusList.load(status_list),
                index,
            ),
        )
        holder.store(self, credential, metadata)


class Holder:
    """A wallet with one credential."""

    def __init__(self) -> None:
        self._link_secret = anoncreds.create_link_secret()
        self._credential: anoncreds.Credential | None = None

    def request(
        self, issuer: Issuer, offer: anoncreds.CredentialOffer
    ) -> tuple[anoncreds.CredentialRequest, anoncreds.CredentialRequestMetadata]:
        """Asks for what is offered."""
        return anoncreds.CredentialRequest.create(
            secrets.token_hex(8),
            None,
            anoncreds.CredentialDefinition.load(issuer.cred_def),
            self._link_secret,
            _LINK_SECRET_ID,
            offer,
        )

    def store(
        self,
        issuer: Issuer,
        credential: anoncreds.Credential,
        metadata: anoncreds.CredentialRequestMetadata,
    ) -> None:
        """Checks a credential and keeps it."""
        self._credential = credential.process(
            metadata,
            self._link_secret,
            anoncreds.CredentialDefinition.load(issuer.cred_def),
            anoncreds.RevocationRegistryDefinition.load(issuer.rev_reg_def),
        )

    def present(self, issuer: Issuer, request: str, status_list: str) -> str:
        """Proves the name, and that the credential is not revoked by this list.

        Raises `anoncreds.AnoncredsError` where the list says that it is.
        """
        credential = self._credential
        assert credential is not None, "nothing was issued to this wallet"
        listed = anoncreds.RevocationStatusList.load(status_list)
        definition = anoncreds.RevocationRegistryDefinition.load(issuer.rev_reg_def)
        state = anoncreds.CredentialRevocationState.create(
            definition, listed, credential.rev_reg_index, str(issuer.tails_path)
        )
        chosen = anoncreds.PresentCredentials()
        # Every referent must be a text of the request: another makes the library crash.
        chosen.add_attributes(
            credential,
            "name",
            reveal=True,
            timestamp=json.loads(status_list)["timestamp"],
            rev_state=state,
        )
        made = anoncreds.Presentation.create(
            anoncreds.PresentationRequest.load(request),
            chosen,
            None,
            self._link_secret,
            {issuer.schema_id: issuer.schema},
            {issuer.cred_def_id: issuer.cred_def},
        )
        return made.to_json()


class Verifier:
    """Asks for a name that is not revoked, and checks the answer."""

    def request(self, start: int, end: int) -> str:
        """A request for a proof that the credential was not revoked between these seconds."""
        return json.dumps(
            {
                "name": "name",
                "version": "1.0",
                "nonce": str(secrets.randbits(80)),
                "requested_attributes": {"name": {"name": "name"}},
                "requested_predicates": {},
                "non_revoked": {"from": start, "to": end},
            }
        )

    def verify(self, issuer: Issuer, request: str, presentation: str, status_list: str) -> bool:
        """Whether the presentation answers the request, by this status list."""
        try:
            return anoncreds.Presentation.load(presentation).verify(
                anoncreds.PresentationRequest.load(request),
                {issuer.schema_id: issuer.schema},
                {issuer.cred_def_id: issuer.cred_def},
                {issuer.rev_reg_def_id: issuer.rev_reg_def},
                [anoncreds.RevocationStatusList.load(status_list)],
            )
        except anoncreds.AnoncredsError:
            return False


def proves(issuer: Issuer, holder: Holder, status_list: str) -> bool:
    """Whether the wallet makes a presentation from this list that a verifier accepts by it."""
    verifier = Verifier()
    timestamp = json.loads(status_list)["timestamp"]
    request = verifier.request(timestamp, timestamp)
    try:
        presentation = holder.present(issuer, request, status_list)
    except anoncreds.AnoncredsError:
        return False
    return verifier.verify(issuer, request, presentation, status_list)


def status_list(issuer: Issuer, revoked: list[int], accumulator: str, timestamp: int) -> str:
    """A status list made from what a ledger says: bits, the accumulator's text, whole seconds."""
    return json.dumps(
        {
            "revRegDefId": issuer.rev_reg_def_id,
            "issuerId": issuer.did,
            "revocationList": revoked,
            "currentAccumulator": accumulator,
            "timestamp": timestamp,
        }
    )


def main() -> None:
    """Issue, prove, revoke, fail to prove, reinstate, prove: with the library's own lists."""
    with tempfile.TemporaryDirectory() as tails_dir:
        issuer, holder, other = Issuer("did:example:issuer", 10, tails_dir), Holder(), Holder()
        first = issuer.status_list(1_000)
        issuer.issue(holder, 3, first)
        issuer.issue(other, 4, first)
        revoked = issuer.update(first, 2_000, revoked=[3])
        again = issuer.update(revoked, 3_000, reinstated=[3])
        for listed, who, expected in [
            (first, holder, True),
            (revoked, holder, False),
            (revoked, other, True),
            (again, holder, True),
        ]:
            assert proves(issuer, who, listed) is expected
    print("issued, proven, revoked, reinstated")


if __name__ == "__main__":
    main()
