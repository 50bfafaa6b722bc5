"""What can go wrong, as types; only the command line turns them into exit codes.

QingzhangError
├── InputError                 the file given cannot be worked on            (2)
│   ├── NotADocument           no PDF and no image, or damaged beyond opening
│   ├── EmptyDocument          zero pages
│   └── PageTooLarge           a page that would need more memory than allowed
├── EncryptedError             a password is needed                          (8)
├── OutputError                the output cannot be written                  (5)
├── MissingDependencyError     an engine, a model or a language is missing   (3)
├── DictionaryError            a dictionary file does not validate           (9)
├── EngineError                the engine failed on a page                   (7)
└── ContractError              our own output does not fit the contract      (4)
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of ``qingzhang``, OCRmyPDF's where they fit."""

    OK = 0
    BAD_ARGS = 1
    INPUT_FILE = 2
    MISSING_DEPENDENCY = 3
    INVALID_OUTPUT = 4
    FILE_ACCESS_ERROR = 5
    PARTIAL = 6
    """Some pages failed; the documents were written, marked ``partial``. (OCRmyPDF's 6 is not ours.)"""
    CHILD_PROCESS_ERROR = 7
    ENCRYPTED = 8
    INVALID_CONFIG = 9
    OTHER_ERROR = 15
    CTRL_C = 130


class QingzhangError(Exception):
    """Base of all: the message names the file and the next step."""

    exit_code = ExitCode.OTHER_ERROR


class InputError(QingzhangError):
    """The input cannot be worked on."""

    exit_code = ExitCode.INPUT_FILE


class NotADocument(InputError):
    """Neither a PDF nor an image that can be read, or damaged beyond opening."""


class EmptyDocument(InputError):
    """The file has no pages, or none of the pages asked for."""


class PageTooLarge(InputError):
    """A page that would need more memory than allowed."""


class EncryptedError(QingzhangError):
    """A password is needed."""

    exit_code = ExitCode.ENCRYPTED


class OutputError(QingzhangError):
    """The output cannot be written."""

    exit_code = ExitCode.FILE_ACCESS_ERROR


class MissingDependencyError(QingzhangError):
    """An engine, a model or a language is missing."""

    exit_code = ExitCode.MISSING_DEPENDENCY


class DictionaryError(QingzhangError):
    """A dictionary file does not validate; the message has file and line."""

    exit_code = ExitCode.INVALID_CONFIG


class EngineError(QingzhangError):
    """The engine failed."""

    exit_code = ExitCode.CHILD_PROCESS_ERROR


class ContractError(QingzhangError):
    """Our own output does not fit the contract: a defect to report."""

    exit_code = ExitCode.INVALID_OUTPUT
