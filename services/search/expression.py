"""What the index is asked: which tokens a document must have. Written for SQLite's FTS5 and for PostgreSQL's arrays.

A token goes out as a number: nothing of what somebody has typed reaches a query language. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.platform.search_text import number_of, tokens, wanted
from services.search.query import CaseDoc, SearchQuery, SearchWord, code_token

# One of each set must be there.
AllOf = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class SearchScope:
    """What a person may see at all: of one street, community, unit or grid; without some classes. Empty: everything."""

    own: tuple[tuple[str, str], ...] = ()
    hidden_domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IndexExpression:
    """Of each item of ``needed`` one alternative must be there; none of ``barred``."""

    needed: tuple[tuple[AllOf, ...], ...]
    barred: frozenset[str]


def doc_numbers(doc: CaseDoc) -> list[int]:
    """The numbers of everything that a document is found by, in order."""
    return sorted({number_of(token) for token in tokens(doc.text) | doc.code_tokens})


def expression_of(query: SearchQuery, scope: SearchScope) -> IndexExpression:
    """What a document must have to be looked at."""
    own = tuple(((frozenset({code_token(*one)}),),) for one in scope.own)
    return IndexExpression(
        (*map(_alternatives, query.words), *own), frozenset(code_token("domain", d) for d in scope.hidden_domains)
    )


def _alternatives(word: SearchWord) -> tuple[AllOf, ...]:
    found: list[AllOf] = []
    if word.only != "grid" and (all_of := wanted(word.text)):
        found.append(all_of)
    if word.only != "grid":
        found += [all_of for name in word.near if (all_of := wanted(name))]
    if word.codes or not found:
        found.append((word.codes,))
    return tuple(found)


def for_fts(expression: IndexExpression) -> str:
    """As FTS5 takes it; empty where nothing is needed."""
    needed = " AND ".join(
        "(" + " OR ".join("(" + " AND ".join(map(_fts_any, all_of)) + ")" for all_of in alternatives) + ")"
        for alternatives in expression.needed
    )
    if needed and expression.barred:
        return f"({needed}) NOT {_fts_any(expression.barred)}"
    return needed


def fts_words(numbers: Iterable[int]) -> str:
    """Numbers as the words of an FTS5 row."""
    return " ".join(map(_fts, numbers))


def _fts(number: int) -> str:
    return f"{number + 2**31:x}"


def _fts_any(one_of: frozenset[str]) -> str:
    # An empty set is one that nothing fulfils: a word that is no token of ours.
    return "(" + " OR ".join(sorted(_fts(number_of(token)) for token in one_of) or ["none"]) + ")"


def for_arrays(expression: IndexExpression, column: str) -> str:
    """As a condition on PostgreSQL's integer array ``column``; empty where nothing is needed."""
    parts = [
        "(" + " OR ".join("(" + _array_all(all_of, column) + ")" for all_of in alternatives) + ")"
        for alternatives in expression.needed
    ]
    if parts and expression.barred:
        parts.append(f"NOT ({column} && {_array(expression.barred)})")
    return " AND ".join(parts)


def _array_all(all_of: AllOf, column: str) -> str:
    single = frozenset(token for one_of in all_of if len(one_of) == 1 for token in one_of)
    found = [f"{column} @> {_array(single)}"] if single else []
    found += [f"{column} && {_array(one_of)}" for one_of in all_of if len(one_of) != 1]
    return " AND ".join(found)


def _array(some: frozenset[str]) -> str:
    return "'{" + ",".join(str(n) for n in sorted(map(number_of, some))) + "}'::int[]"
