"""Work on items in threads, with the results in the items' order and few items in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    *,
    workers: int,
    size: Callable[[Item], int],
    most: int,
    interrupted: Callable[[], object] = lambda: None,
) -> Iterator[Result]:
    """`map(work, items)`, computed ahead: items are taken in the caller's thread while others are worked on.

    What raises does so after the results before it, whether it is `items` or `work`.

    Args:
        items: taken one by one.
        work: called in several threads at once.
        workers: the threads; with one, nothing is computed ahead.
        size: how much of `most` an item takes.
        most: no further item is taken while those in work take more than this together.
        interrupted: called for an interrupt, before the threads are waited for; it ends what they are doing.
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
