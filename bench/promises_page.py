"""The words of docs/promises.md: the page around its tables, and what tests hold instead of figures."""

HELD_BY_TESTS = """\
| promise | tests |
|---|---|
| killed at any step: nothing acknowledged is lost, nothing counted twice | tests/faults/test_kill.py |
| Redis gone, restarted, emptied, trimmed past us: the gap is measured | tests/faults/test_redis.py, test_gap.py |
| the database stopped, crashed, locked, cut off | tests/faults/test_store.py |
| a rebuild gives the identical read model; folds in any order give one result | \
tests/integration/projector/test_store.py |
| a bad entry stops nothing and is counted | tests/integration/projector/test_rubbish.py |
| a late screen says so within 5 s, comes back by itself; a stuck client harms nobody | \
tests/browser/test_bad_days.py |
| the same while sources go on publishing: a dead, a stopped and a locked-out projector, a Redis that refuses \
writing; the word is live again within 5 s | tests/faults/test_word.py |
| a dead or hanging process is named by `/readyz`, the truth bar and `lianqin doctor`, which ends with 1; only the \
projector changes the word | tests/faults/test_word.py, tests/unit/health/test_beats.py |
| a store that went back, or was put back under running processes, is read anew by all of them: nothing lost, every \
board equal to it, on both databases | tests/integration/projector/test_follow.py, tests/faults/test_gone_back.py |
| faults in turn while 40 events a second go on coming (killed, stopped, poisoned, full, read-only, refused by a \
trigger, gone back, Redis and the web process too): store, roll-ups, figures and every open page equal a fold of \
what Redis acknowledged | tests/browser/test_traffic.py |
| an outage or a state of the database sets nothing aside: only what fails alone, beside a good probe, goes into \
`dead` | tests/faults/test_store_refuses.py, tests/unit/platform/test_errors.py |
| every text and list of the contract has a length that both databases can keep and index | \
tests/unit/contract/test_lengths.py |
| every entry id that Redis can give is taken in, in order, exactly once | tests/unit/contract/test_numbering.py, \
tests/integration/projector/test_entry_ids.py |
| what is old goes by its setting, in steps; a full Redis is trimmed where that helps | \
tests/integration/keeping/test_keeping.py |
| the audit cannot be forged without the key: every forgery is found, also after honest rows have followed | \
tests/attacks/test_audit.py |
| every export, list of cases, command and CLI act is on the audit | tests/attacks/test_on_the_audit.py |
| a file carries who asked for it, and is judged again when it is fetched | tests/attacks/test_papers_scope.py |
| a socket ends with its session whatever its client sends; the door judges before the upgrade; floods are cut | \
tests/attacks/test_sockets.py |
| half a log-in opens nothing; a code works once; wrong tries slow down places, not accounts; proofs are asked \
again | tests/attacks/test_second_factor.py, test_sessions.py |
| every body that an address takes is bounded | tests/attacks/test_bodies.py |
| each account of Redis and the database may do what its process needs and no more | \
tests/attacks/test_redis_users.py, test_postgres_role.py |
| a damaged, foreign or hostile file is named in words and half loaded never | tests/attacks/test_files.py, \
tests/unit/district/test_outside_files.py |
| no kernel writes past its array | tests/unit/test_kernel_bounds.py |
| off-line or restarted under: nothing missed, no reload; nothing personal leaves | tests/browser/test_socket.py |
| text is text, figures equal the API's, every size, both languages, the day turns | tests/browser/test_wall.py |
| every door × role × own and other zone is what the table of rights says | tests/integration/test_rights_matrix.py |
| no command is lost, done twice or refused without a word | tests/unit/commands/test_commanding.py, test_desk.py |
| what is seen equals an exact isovist, lines of sight, closed forms | tests/unit/coverage/test_sweep.py |
| coverage after any 1,000 events equals a recount; off and on is the same state | \
tests/unit/coverage/test_coverage_model.py |
| memory is flat over 24,000 changes with reconnects | tests/browser/test_soak.py |"""

PAGE = """# Promises and what was measured

Written by `make bench` from its results, {span}. By them {n_kept} of {n}
promises are kept.{short}

{facts}

Chromium, Redis, the database, the publisher and the product share these cores, and the machine was not ours alone
({load}). Compare figures of one run, not absolutes of two days. How it is measured:
[bench/README.md](../bench/README.md).

## XADD → the DOM shows it: the full product, database in the path

{speed}

## Beside the peers, each column in one run

p50 / p99 in ms. «Held»: the page showed every event, the last within 2 s (Dash 3 s) after the end, and did not break;
it may have been seconds late meanwhile. NiceGUI's canvas cannot be asked what it has drawn: there stands when its
counter was right. None of the peers stores, checks or places anything; lianqin does all of it in these figures.

{peers}

{ratios}

## Many browsers

{crowd}

## Many cases

{size}

## Ingest and rebuild

The bare loop reads the same entries from the same Redis, decodes five fields and upserts four columns, in one
transaction for each 500; ours checks, places, folds and writes history, cases, roll-ups, outbox and position. By turns,
medians{rounds}.

{ingest}

## Figures and rules

The histories are made set-wise, 2,000 cases a day: 1,000 and 2,000 days of them. Each figure is asked for 20 times on
one warm connection.

{rules}

## Coverage

Kernels are warm (they are compiled once a machine). A town of blocks of 100 m, cameras along its lanes; the city is
eighteen of them side by side, its footprints in memory as shapes. How it works: [coverage.md](coverage.md).

{coverage}

## The desks and the leader

The case system of this run obeys at once.

{desks}

## From the command to the wall

{start}

## Promises held by tests

Not figures but yes or no: `make test` and `make test-long` run tests/faults and tests/browser.

{held_by_tests}
"""
