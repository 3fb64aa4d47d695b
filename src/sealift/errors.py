"""The exceptions of Sealift: what is wrong, where, how to fix it, and a code that never changes its meaning."""

from __future__ import annotations

# Every code with its one-line meaning. docs/errors.md explains each one; a test compares the two.
CODES: dict[str, str] = {
    # rows and contracts
    "R101": "A value is missing where the contract refuses it.",
    "R102": "A value is not of the field's type.",
    "R103": "A value lies outside the permitted range.",
    "R104": "A category is unknown where the contract refuses it.",
    "R105": "A record has too few or too many cells.",
    "R106": "A record cannot be read at all.",
    "R107": "A record is empty.",
    "R108": "A string cannot be read as the number or date that the model computes with.",
    "R110": "A file is not a picture of a known format.",
    "R111": "A picture is damaged or truncated.",
    "R112": "A picture is larger than permitted, or has no pixels.",
    "R113": "A picture is of a kind that the model does not take.",
    "R114": "The file of a picture cannot be read.",
    "R115": "A picture does not fit the preprocessing of the model.",
    "R120": "A text has more tokens than the model accepts.",
    "R121": "A file is not a document of a known format or encoding.",
    "R122": "A document is damaged, or larger than permitted.",
    "R123": "A document is encrypted, or has no text.",
    "E101": "The rows lack an input.",
    "E102": "The rows have a column that is not an input.",
    "E103": "The rows have two columns with the same name.",
    "E104": "The rows have a form that cannot be read as a table.",
    "E105": "There are no rows.",
    "E106": "A contract is malformed or contradicts itself.",
    "E107": "A contract requires a capability that this program does not have.",
    # sealed files
    "E201": "The file is not a sealed file.",
    "E202": "The sealed file is damaged or was changed after it was sealed.",
    "E203": "The sealed file exceeds a limit of the format.",
    "E204": "The sealed file is of a newer format than this program reads.",
    "E205": "A member of the sealed file is malformed.",
    "E206": "A golden example is not reproduced on this machine.",
    "E207": "The model in the sealed file cannot be run here.",
    "E208": "The graph in the sealed file uses something that a sealed file must not use.",
    "E209": "The graph or one of its answers does not fit the contract.",
    "E210": "The model exceeds a limit of time or memory.",
    "E211": "The sealed file was made by a version of Sealift before format 1 was final.",
    # packing
    "E301": "The model is not fitted.",
    "E302": "A step of the model cannot be converted.",
    "E303": "The converted model answers differently from the original.",
    "E304": "The model or its name cannot be packed.",
    "E305": "The original model fails on the given rows.",
    "E306": "Two converters claim the same type.",
    "E307": "The model file can run code when it is opened.",
    "E308": "The model cannot be loaded.",
    "E309": "The file would retain single records, which strict privacy refuses.",
    "E310": "A requested proof cannot run.",
    "E330": "A neural network answers differently in each call.",
    "E331": "The answers of a neural network depend on the other rows of a call.",
    "E332": "A choice in a neural network depends on the values of a tensor.",
    "E333": "An operation of a neural network has no form in ONNX.",
    "E334": "The weights of a neural network hold NaN.",
    "E335": "A neural network is fixed to the number of rows or the size of an example.",
    "E320": "X does not hold pictures that can be read.",
    "E321": "The preprocessing cannot be sealed.",
    "E322": "The preprocessing does not fit the model.",
    "E323": "The preprocessing is random.",
    "E324": "An option of the preprocessing cannot be used.",
    "E325": "A pipeline cannot be sealed.",
    "E326": "A tokenizer and a model do not belong together.",
    "E327": "An output has no fixed size.",
    "E328": "The model has no data configuration.",
    "E360": "A variant of a model is not offered.",
    "E340": "A tokenizer cannot be converted.",
    "E341": "A tokenizer cannot be read.",
    "E350": "The heads given as outputs= do not fit the model.",
    "E351": "An output of the model has another shape than its head needs.",
    "E352": "An argument of a head cannot be used.",
    "E354": "y has no masks that can be read.",
    "E353": "The places of tokens in a text are not known.",
    # files and tables
    "E401": "A file cannot be read.",
    "E402": "A file cannot be written.",
    "E403": "The kind of a table file is not known.",
    "E404": "A table file is empty or malformed.",
    "E405": "An optional part of Sealift is not installed.",
    "E406": "A file that must not be lost would be replaced.",
    "E407": "A file of defaults for the command line cannot be used.",
    "E410": "There are no picture files.",
    # keys and signatures
    "E501": "A key cannot be used.",
    "E502": "The signature is not valid.",
    "E503": "The file is not signed by the requested key.",
    # apps
    "E601": "The front end was not built into this installation.",
    "E602": "The sealed file is too large for a page.",
    "E603": "The page sent a request to the network.",
    "E604": "A page differs from the one that Sealift makes from the model inside it.",
    "E605": "A page was made by another version of Sealift and cannot be compared.",
    "E606": "No target writes this kind of file.",
    "E607": "The page lacks a capability that the model requires.",
    # the server
    "E701": "No model of this name or version is served.",
    "E702": "There is no such route.",
    "E703": "A model does not reproduce its examples on this machine and is not served.",
    "E704": "The body of a request is malformed.",
    "E705": "The content type or the encoding of a request is not supported.",
    "E706": "A request exceeds a limit of the server.",
    "E707": "A tensor of a request does not have the form that it declares or that the model needs.",
    "E708": "The model has no answer of the kind that a route returns.",
    "E709": "A deployment file is malformed.",
    "E710": "The server cannot listen on this address.",
    "E711": "The server would be open to other computers without authentication.",
    "E712": "A route does not have the method of the request.",
    "E713": "The server has too many requests to answer.",
    "E714": "The request did not arrive in time.",
    "E720": "The store of records cannot be opened.",
    "E721": "A store is not one of records, or has a format that this program does not read.",
    "E722": "The store of records cannot be used now.",
    "E723": "The key of personal fields cannot be used.",
    "E724": "The records cannot be searched for the value of a field.",
    "E725": "The records of several models were selected, or of none.",
    "E740": "No server of this user can be controlled at this port.",
    "E741": "A request to a running server is malformed.",
    "E742": "The history of a server was altered.",
    "E743": "Another file of the model has the same version.",
    "E744": "There is no version to promote, or no earlier state to return to.",
    "E745": "The saved state of a server cannot be used.",
    "E746": "The share of a canary is impossible.",
    "E747": "Another server uses the folder of state.",
    "E750": "A server cannot be reached.",
    "E751": "A server answers in another form than Sealift's.",
    "E752": "A server did not answer before the deadline.",
    "E753": "The protocol of an incumbent server is not known.",
    "E754": "The answers of an incumbent server cannot be compared.",
    "E760": "A request has no credentials.",
    "E761": "The credentials of a request are not valid.",
    "E762": "A caller may not use a route.",
    "E763": "A caller sends too many requests.",
    "E764": "A file of API keys cannot be used.",
    "E765": "An API key cannot be created or revoked.",
    "E766": "A certificate or a private key of TLS cannot be used.",
    "E767": "The keys of an issuer of tokens cannot be used.",
    "E768": "The configuration of an issuer of tokens cannot be used.",
    "E769": "The query of an administrative request is malformed.",
    "E775": "A receipt was requested, and the server has no key for receipts.",
    "E776": "A receipt is malformed.",
    "E777": "A receipt is not signed by the given key.",
    "E778": "A receipt is about another model or other rows.",
    "E779": "Telemetry cannot be exported on this system.",
    "E785": "The folder of outputs holds those of another model or of other options.",
    "E786": "Another process writes the same answers.",
    "E787": "A process ended while it predicted a file.",
    "E788": "An output would replace an input or another output.",
    "E789": "Some files could not be predicted.",
    "E791": "A broker cannot be used.",
    "E792": "A broker lacks a queue, topic, subject or stream.",
    "E793": "A message is not a valid CloudEvent.",
    "E794": "A message was delivered too often.",
    "E795": "A message exceeds a limit of the broker.",
    "E796": "A broker refuses the user or the password.",
    "E797": "The certificate of a broker is not accepted.",
    "E800": "The number of workers is not possible.",
    "E801": "The deadline of a request passed before it was computed.",
    "E802": "A header of a request is malformed.",
    "E803": "A model that was unloaded cannot be loaded again.",
    "E804": "A watched folder does not exist.",
    "E805": "A file in a watched folder is of another model.",
    "E810": "A name cannot be that of an exported server.",
    "E811": "The deployment has a setting that the target does not support.",
    "E812": "Files of an export would be replaced.",
    "E813": "No cluster of Ray can be used.",
    "E814": "An application does not become ready on Ray.",
    "E815": "The models are too large to be copied to the nodes of a cluster.",
    "E816": "A computation on Ray failed.",
    "E817": "A parameter of a request is reserved.",
    "E818": "An option of an export is malformed.",
    # the program itself
    "E901": "An internal error.",
    "E902": "There is not enough memory.",
    "E903": "The command line is wrong.",
}


class SealiftError(Exception):
    """The base class of Sealift's exceptions.

    Args:
        code: a key of `CODES`; programs may rely on it.
        what: what is wrong, as a sentence.
        where: the file, step, row or field concerned; may be empty.
        fix: how to fix it, as a sentence.
    """

    def __init__(self, code: str, what: str, *, where: str = "", fix: str) -> None:
        if code not in CODES:
            raise AssertionError(f"error code {code} is not registered in sealift.errors.CODES")
        self.code = code
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"[{self.code}] {place}{self.what} {self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        # For process pools: the default would call __init__ with the message only.
        return _rebuild, (type(self), self.__dict__)

    def as_dict(self) -> dict[str, str]:
        """The error for `--json` and for web clients."""
        return {"code": self.code, "what": self.what, "where": self.where, "fix": self.fix}


class ContractError(SealiftError):
    """Rows that do not fit the contract, or a malformed contract (R1xx, E1xx)."""


class SealError(SealiftError):
    """A sealed file that cannot be trusted or used (E2xx)."""


class LimitError(SealError):
    """A model that exceeds a limit of time or memory (E210)."""


class PackError(SealiftError):
    """A model that cannot be sealed (E3xx)."""


class ParityError(PackError):
    """The converted model answers differently from the original; no file was written (E303).

    Attributes:
        report: the parity report, with the failing step, the worst rows and both answers.
    """

    def __init__(self, what: str, *, where: str, fix: str, report: object) -> None:
        super().__init__("E303", what, where=where, fix=fix)
        self.report = report


class FileError(SealiftError):
    """A file or table that cannot be read or written (E4xx)."""


class MissingExtraError(FileError, ImportError):
    """An optional dependency that is not installed (E405); the fix is the line that installs it."""


class PageError(SealiftError):
    """A page that cannot be built, or that is not what Sealift builds (E6xx)."""


class ServeError(SealiftError):
    """A deployment or a request that the server refuses (E7xx, E8xx)."""


class SignatureError(SealiftError):
    """A key or signature that is not valid (E5xx)."""


class InternalError(SealiftError):
    """An internal error of Sealift, or too little memory (E901, E902)."""


_KINDS: dict[str, type[SealiftError]] = {
    "R1": ContractError, "E1": ContractError, "E2": SealError, "E3": PackError, "E4": FileError, "E5": SignatureError,
    "E7": ServeError, "E8": ServeError, "E9": InternalError,
}  # fmt: skip


def rebuilt(raw: object) -> SealiftError:
    """The error of another process, from the result of `SealiftError.as_dict`; E901 for any other value."""
    if isinstance(raw, dict):
        code, what, where, fix = (raw.get(key) for key in ("code", "what", "where", "fix"))
        if code in CODES and isinstance(what, str) and isinstance(where, str) and isinstance(fix, str):
            if code == "E210":
                return LimitError(code, what, where=where, fix=fix)
            return _KINDS.get(code[:2], SealiftError)(code, what, where=where, fix=fix)
    return InternalError("E901", "Another process reported an error in an unknown form.", fix="Report it.")


def _rebuild(kind: type[SealiftError], state: dict[str, object]) -> SealiftError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    Exception.__init__(error, str(error))
    return error
