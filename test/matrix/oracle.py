# SPDX-License-Identifier: AGPL-3.0-or-later
# Synapse's own verdicts on generated rooms: reads them as JSON, prints where they differ from ours.
import json
import sys

from synapse.api.errors import AuthError, SynapseError
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.event_auth import auth_types_for_event, check_state_dependent_auth_rules
from synapse.events import make_event_from_dict
from synapse.state.v2 import resolve_events_with_store
from synapse.storage.databases.main.event_federation import StateDifference


class Clock:
    async def sleep(self, duration):
        return None


def finish(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise Exception("a coroutine that waits")


class Store:
    def __init__(self, events):
        self.events = events

    async def get_events(self, ids, allow_rejected=False):
        return {i: self.events[i] for i in ids if i in self.events}

    def chain(self, ids):
        seen, todo = set(), list(ids)
        while todo:
            each = todo.pop()
            if each in seen:
                continue
            seen.add(each)
            todo.extend(self.events[each].auth_event_ids())
        return seen

    async def get_auth_chain_difference(self, room_id, state_sets, conflicted, additional):
        chains = [self.chain(each) for each in state_sets]
        difference = set.union(*chains) - set.intersection(*chains)
        subgraph = None
        if conflicted is not None:
            subgraph = {i for i in self.chain(conflicted) if self.chain([i]) & conflicted}
        return StateDifference(auth_difference=difference, conflicted_subgraph=subgraph)


differences = []
counts = {"allowed": 0, "refused": 0, "merges": 0}
for number, room in enumerate(json.load(sys.stdin)):
    version = KNOWN_ROOM_VERSIONS[room["version"]]
    events = {}
    for given in room["events"]:
        event = make_event_from_dict(given["pdu"], version)
        if event.event_id != given["id"]:
            differences.append([number, "id", given["id"], event.event_id])
        events[given["id"]] = event
    create = events[room["events"][0]["id"]]
    for check in room["checks"]:
        event = make_event_from_dict(check["pdu"], version)
        state = {tuple(key.split("\0")): events[i] for key, i in check["state"]}
        wanted = auth_types_for_event(version, event)
        auth = [state[key] for key in wanted if key in state]
        if room["version"] == "12":
            auth.append(create)
        try:
            check_state_dependent_auth_rules(event, auth)
            allowed = True
        except (AuthError, SynapseError) as err:
            allowed, why = False, str(err)
        counts["allowed" if allowed else "refused"] += 1
        if allowed != (check["why"] is None):
            differences.append([number, "verdict", check["pdu"]["type"], check["pdu"]["content"], check["why"], None if allowed else why])
        ours = sorted(key for key, _ in check["auth"])
        # as of version 12 the room's id stands for the create event
        named = [key for key in wanted if room["version"] != "12" or key[0] != "m.room.create"]
        theirs = sorted("\0".join(key) for key in named if key in state)
        if ours != theirs:
            differences.append([number, "auth events", ours, theirs])
    for merge in room["merges"]:
        states = [{tuple(key.split("\0")): i for key, i in state} for state in merge["states"]]
        result = finish(
            resolve_events_with_store(Clock(), create.room_id, version, states, dict(events), Store(events))
        )
        counts["merges"] += 1
        ours = {tuple(key.split("\0")): i for key, i in merge["result"]}
        if dict(result) != ours:
            differences.append([number, "merge", [list(k) for k in set(ours.items()) ^ set(result.items())]])
print(json.dumps({"differences": differences, "counts": counts}))
