"""A parallel `map` with the results in order and a bounded number of items in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    *,
    workers: int,
    size: Callable[[Item], int],
    most: int,
    interrupted: Callable[[], object] = lambda: None,
) -> Iterator[Result]:
    """`map(work, items)` in several threads; `items` is iterated in the caller's thread.

    An exception of `items` or `work` is raised after the results before it.

    Args:
        items: the items.
        work: called by several threads at the same time.
        workers: the number of threads; with 1, everything is done in the caller's thread.
        size: the size of an item, in the units of `most`.
        most: no further item is taken while the total size of the items in work exceeds this.
        interrupted: called after an interrupt, before the threads are joined; it must end their work.
    """
    if workers == 1:
        yield from map(work, items)
        return
    waiting: deque[tuple[int, Future[Result]]] = deque()
    source, failure, ended = iter(items), None, False
    pool = ThreadPoolExecutor(workers, thread_name_prefix="sealift-batch")
    try:
        while True:
            while not ended and len(waiting) <= workers and sum(part for part, _ in waiting) <= most:
                try:
                    item = next(source)
                except StopIteration:
                    ended = True
                except BaseException as error:
                    failure, ended = error, True
                else:
                    waiting.append((size(item), pool.submit(work, item)))
            if not waiting:
                break
            yield waiting.popleft()[1].result()
        if failure is not None:
            raise failure
    except BaseException as error:
        if not isinstance(error, Exception | GeneratorExit):  # an interrupt, or a signal
            interrupted()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
