"""What those in charge have ruled, read from what the store has carried out: a second opinion, as short as can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulation.journal import Came, Linked, Made, Voided


class Rulings:
    """`host`: the user. `link`: the host link that counts, by its hash; empty: there is none.

    `removals`: by user, until they are readmitted; `admitted` and `been_in`: by user, the sitting in which they were.
    `changed_at`: by user, when role or rights were last changed, by the times that the store was told.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.roles: dict[str, str] = {host: "host"}
        self.removals: dict[str, Made] = {}
        self.admitted: dict[str, int] = {}
        self.been_in: dict[str, int] = {}
        self.denials: Counter[str] = Counter()
        self.may: dict[str, Mapping[str, Any]] = {}
        self.link = self.link_by = ""
        self.changed_at: dict[str, float] = {}
        self._known: set[str] = set()
        self.settings: dict[str, Any] = {}
        self.revision = 0
        self.sitting = 0

    def follow(self, entries: Iterable[Made | Came | Linked | Voided]) -> Rulings:
        for entry in entries:
            if isinstance(entry, Linked):
                self.link, self.link_by = entry.hash, entry.by
                continue
            if isinstance(entry, Voided):
                self.link = "" if entry.by == self.link_by else self.link
                continue
            self.sitting = entry.sitting
            if isinstance(entry, Came):
                given, may = self.given(entry), entry.may if self.claims(entry) else None
                if self.takes_over(entry) and not entry.refusal:
                    # Newer than what was changed before, whatever the clock says.
                    removal = self.removals.get(entry.user_id)
                    before = max(
                        self.changed_at.get(entry.user_id, 0.0), removal.change.at if removal else 0.0
                    )
                    self._changed(self.host, entry.now)
                    self._hand_over(entry.user_id)
                    self.changed_at[entry.user_id] = max(entry.now, before)
                elif given and not entry.refusal:
                    self.roles[entry.user_id] = given
                    if entry.role_at is not None:
                        self.changed_at[entry.user_id] = entry.role_at
                if not entry.refusal:
                    self.may |= {} if may is None else {entry.user_id: may}
                    self._known.add(entry.user_id)
                    self.been_in[entry.user_id] = entry.sitting
                    # Somebody in charge, who need not knock.
                    self.removals.pop(entry.user_id, None)
            elif not entry.again:
                self._change(entry)
        return self

    def takes_over(self, came: Came) -> bool:
        """Whether the host link is shown, by somebody who is not host."""
        return self.link != "" and came.invite == self.link and came.user_id != self.host

    def claims(self, came: Came) -> bool:
        """Whether what the token gives counts for this join: the first, or since the application has given it after
        what was changed in the meeting."""
        user, removal = came.user_id, self.removals.get(came.user_id)
        if (came.role is None and came.may is None) or user == self.host:
            return False
        is_new = user not in self._known and removal is None
        changed_at = max(self.changed_at.get(user, 0.0), removal.change.at if removal else 0.0)
        return is_new or (came.role_at or 0.0) > changed_at

    def given(self, came: Came) -> str:
        """The role that the token gives by this join; empty: none. The one host is another's gift."""
        if came.role is None or not self.claims(came):
            return ""
        return "cohost" if came.role == "host" else came.role

    def _changed(self, user: str, at: float) -> None:
        if user in self._known:
            self.changed_at[user] = max(at, self.changed_at.get(user, at))

    def _hand_over(self, user: str) -> None:
        self.roles |= {self.host: "cohost" if self.host in self._known else "participant", user: "host"}
        self.host, self.link = user, ""
        self._readmit(user)

    def role(self, user: str) -> str:
        return self.roles.get(user, "participant")

    def keeps_out(self, user: str) -> Made | None:
        """The removal that keeps the user out, if there is one. Somebody in charge need not knock."""
        removal = self.removals.get(user)
        if removal is None or (removal.change.remove[user] == "knock" and self.role(user) != "participant"):
            return None
        return removal

    def refusal(
        self, user: str, *, takes_over: bool = False, has_place: bool = False, given: str = ""
    ) -> str:
        """Why the user is not let in; empty: they are. `has_place`: since they were in, whatever was done to the clock
        by which a sitting is over. `given`: the role, by the token."""
        removal = self.removals.get(user)
        back = removal.change.remove[user] if removal else ""
        if back == "never":
            return "removed"
        if self.denials[user] >= 2:
            return "denied"
        if takes_over or user == self.host or (given or self.role(user)) != "participant":
            return ""
        if back == "knock":
            return "lobby"
        if (has_place and user in self.been_in) or self.sitting in (
            self.admitted.get(user),
            self.been_in.get(user),
        ):
            return ""
        if self.settings.get("locked"):
            return "locked"
        lobby = self.settings.get("lobby", "off")
        # The application knows those who have logged in with it: they are no guests.
        waits = lobby == "everyone" or (lobby == "guests" and not user.startswith("x_"))
        return "lobby" if waits else ""

    def _change(self, made: Made) -> None:
        change = made.change
        if change.settings is not None:
            merged = {**self.settings, **change.settings}
            self.settings = {name: value for name, value in merged.items() if value is not None}
            self.revision += 1
        if change.host is not None and change.host != self.host:
            self._changed(self.host, change.at)
            self._changed(change.host, change.at)
            self._hand_over(change.host)
        for user, role in change.roles.items():
            if user != self.host:
                self.roles[user] = role
                self._changed(user, change.at)
                # Whoever is in charge gets in.
                if role == "cohost":
                    self.denials.pop(user, None)
        self.may |= change.may
        for user in change.may:
            self._changed(user, change.at)
        for user, back in change.remove.items():
            if user == self.host:
                continue
            self.removals.pop(user, None)
            if back != "freely":
                self.removals[user] = made
            self.roles[user] = "participant"
            self._changed(user, change.at)
            self.been_in.pop(user, None)
            self.admitted.pop(user, None)
        for user in change.readmit:
            self._readmit(user)
        for user in change.admit:
            self.admitted[user] = made.sitting
            if user in self.removals and self.removals[user].change.remove[user] == "knock":
                del self.removals[user]
        for user in change.deny:
            if user != self.host:
                self.denials[user] += 1
                self.admitted.pop(user, None)

    def _readmit(self, user: str) -> None:
        self.removals.pop(user, None)
        self.denials.pop(user, None)
