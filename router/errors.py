"""Every error of ours, in one tree.

RadrouterError
├── ConfigurationError            stops the start, or keeps the old rules, with one sentence
│   ├── SettingsError
│   ├── RulesError
│   ├── ProceduresError
│   └── PackError
├── RefusedObject                 an object that is not taken in: the sender hears why
│   ├── InvalidObject             its header cannot be understood
│   └── ClassMismatch             its SOP Class or Instance UID differs from the C-STORE request's
├── RefusedMessage                an order's message that is not taken in: the sender hears why
├── FilmError                     permanent: trying again cannot help
│   ├── NotAFilm                  CT, SR, PDF, multi-frame: stored, done, no view
│   ├── NotAccepted               another kind of object than a model is made for: the model says so
│   └── UndecodablePixels         carries the decoder's own reason
├── TransientError                trying again may help
│   ├── OutOfResources            disk or database
│   └── AnalysisCrashed           the analysis process died or ran out of time
├── NotCopied                     a database that was not copied into another, which is as it was
├── StaleClaim                    the lease ended and somebody else holds the instance
├── ModelAbsent                   no such model pack is installed: said so, never guessed
└── HeatAbsent                    the model draws no heat map
"""

# ruff: noqa: N818  (the names say what happened; the tree says that they are errors)
from __future__ import annotations


class RadrouterError(Exception):
    """The root: catch it only at an outermost frame."""


class ConfigurationError(RadrouterError):
    """Something the operator wrote cannot be used; the message is one sentence that says what and where."""


class SettingsError(ConfigurationError):
    """A setting is missing, unknown or contradicts another."""


class RulesError(ConfigurationError):
    """A rule is not valid; the message names the rule."""


class ProceduresError(ConfigurationError):
    """The procedure map is not valid; the message names the entry."""


class PackError(ConfigurationError):
    """A model pack is damaged or does not describe its weights."""


class RefusedObject(RadrouterError):
    """An object that is not taken in."""


class InvalidObject(RefusedObject):
    """A header that cannot be understood."""


class ClassMismatch(RefusedObject):
    """A data set whose SOP Class or Instance UID differs from the one its C-STORE request announced."""


class RefusedMessage(RadrouterError):
    """An order's message that is not taken in; the sentence quotes none of its values."""


class FilmError(RadrouterError):
    """Permanent: the object will not become a film by trying again."""


class NotAFilm(FilmError):
    """A sound object that is not a single-frame radiograph; stored and visible, but no view is predicted."""


class NotAccepted(FilmError):
    """A sound object of another kind than the model that was asked is made for."""


class UndecodablePixels(FilmError):
    """Pixel data that no decoder here reads; the message is the decoder's reason."""


class TransientError(RadrouterError):
    """Trying again may help."""


class OutOfResources(TransientError):
    """Disk space or the database is not to be had right now."""


class AnalysisCrashed(TransientError):
    """The analysis process died, or did not answer in time."""


class NotCopied(RadrouterError):
    """A database that was not copied into another: the message says why, and the other is as it was."""


class StaleClaim(RadrouterError):
    """The lease ended before the worker was done; its result is not written."""


class ModelAbsent(RadrouterError):
    """No active model pack of that name is installed; the message names it."""


class HeatAbsent(RadrouterError):
    """The model draws no heat map, or none for what it was asked for; the message says which."""
