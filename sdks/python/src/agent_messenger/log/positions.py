"""Where this agent stands in each conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]
Page = Mapping[str, Any]

#: Events kept per conversation while the handler is busy; what arrives beyond is read from the log later.
KEPT_EVENTS = 64


@dataclass(slots=True, eq=False)
class _Place:
    conversation_id: str
    #: Seq of the last event that the application has taken.
    position: int
    #: The log is known to reach this far.
    target: int
    #: Events that arrived and were not delivered yet, by seq.
    arrived: dict[int, Event] = field(default_factory=dict)
    work: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class PositionsOptions:
    #: Reads the log after a position. Repeats by itself what may pass; what it raises is final for now.
    fetch: Callable[[str, int], Awaitable[Page]]
    #: Hands an event to the application; what it raises stops the conversation before this event.
    deliver: Callable[[Event], Awaitable[None]]
    #: The application has taken the event at this seq; also called when the server repeats what was taken.
    on_taken: Callable[[str, int], None]
    on_error: Callable[[Exception, str], None]


class Positions:
    """Whatever order events arrive in, and however often, the application gets each one once, in order.

    An event is delivered at position + 1 only, and what is missing is read from the log.
    """

    def __init__(self, options: PositionsOptions) -> None:
        self._options = options
        self._places: dict[str, _Place] = {}

    def offer(self, event: Event) -> None:
        """An agent without a position stands where the first event finds it: the server begins after the delivered."""
        conversation_id, seq = event["conversation_id"], event["seq"]
        place = self._at(conversation_id, seq - 1)
        if seq <= place.position:
            # The server has not heard that this one was taken.
            self._options.on_taken(conversation_id, place.position)
            return
        place.target = max(place.target, seq)
        if len(place.arrived) < KEPT_EVENTS or seq == place.position + 1:
            place.arrived[seq] = event
        self._wake(place)

    def reach(self, conversation_id: str, first: int, last: int) -> None:
        """The log has events from `first` to `last` that were not kept."""
        place = self._at(conversation_id, first - 1)
        place.target = max(place.target, last)
        self._wake(place)

    def forget(self, conversation_id: str) -> None:
        self._places.pop(conversation_id, None)

    def reset(self) -> None:
        """Another log: nothing that is known holds."""
        self._places.clear()

    def all(self) -> dict[str, int]:
        return {id: place.position for id, place in self._places.items()}

    async def idle(self) -> None:
        """Returns when what is under way is taken or refused."""
        tasks = [place.work for place in self._places.values() if place.work]
        if tasks:
            await asyncio.wait(tasks)

    def _at(self, conversation_id: str, position: int) -> _Place:
        place = self._places.get(conversation_id)
        if place is None:
            place = _Place(conversation_id, position, position)
            self._places[conversation_id] = place
        return place

    def _is_current(self, place: _Place) -> bool:
        return self._places.get(place.conversation_id) is place

    def _wake(self, place: _Place) -> None:
        if place.work is None:
            place.work = asyncio.create_task(self._work(place))

    async def _work(self, place: _Place) -> None:
        try:
            while self._is_current(place) and place.position < place.target:
                event = place.arrived.get(place.position + 1)
                if event is not None:
                    await self._take(place, event)
                else:
                    await self._fill(place)
        except Exception as error:
            # Until something new is heard; otherwise a final answer would be asked for again and again.
            place.target = place.position
            place.arrived.clear()
            if self._is_current(place):
                self._options.on_error(error, place.conversation_id)
        finally:
            # In the same turn as the last look at the target: an event in between would wake nobody.
            place.work = None

    async def _fill(self, place: _Place) -> None:
        before = place.position
        # The page answers all that is known now. What is heard of while it is on its way may not be in it.
        place.target = before
        page = await self._options.fetch(place.conversation_id, before)
        heard = place.target
        place.target = max(heard, page["last_seq"])
        for event in page["events"]:
            if not self._is_current(place):
                return
            # Where a page begins later, nothing before it is there for us: of a deleted conversation the last
            # event remains.
            if event["seq"] > place.position:
                await self._take(place, event)
        # A log that has nothing to give for a position has nothing there for us (a member that left).
        if place.position == before:
            place.target = heard

    async def _take(self, place: _Place, event: Event) -> None:
        await self._options.deliver(event)
        if not self._is_current(place):
            return
        place.position = event["seq"]
        for seq in [seq for seq in place.arrived if seq <= place.position]:
            del place.arrived[seq]
        self._options.on_taken(place.conversation_id, place.position)
