"""Meetings, as the HTTP API shows them."""

from fastapi import Request
from pydantic import BaseModel, Field

from server.reports import attendance_report, import_source
from signalling.rooms.member import rfc3339
from storage.imports import Import, Kind, PartState
from storage.records import HostedMeeting


def link(request: Request, room: str) -> str:
    """Where people join the meeting, by the address that the caller came to."""
    return f"{request.base_url}m/{room}"


class NewMeeting(BaseModel):
    meeting: str | None = Field(
        None, description="3 to 64 letters, digits and hyphens. Left out: one is made."
    )
    title: str = ""


class MeetingView(BaseModel):
    id: str
    title: str
    host: bool = Field(description="Whether the caller is the host.")
    created: bool = Field(description="Whether this call created it.")
    url: str
    ended: bool
    participants: int = Field(description="How many are in it now.")
    opens_at: str | None = Field(description="When it is to open, if that was set: RFC 3339, UTC.")
    ends_at: str | None = Field(description="When it is to end.")
    login_required: bool = Field(description="Whether nobody comes in without a token of the application.")


class SourceView(BaseModel):
    kind: Kind
    external_id: str = Field(description="Its id elsewhere.")
    state: PartState = Field(description="The worst of its parts'.")
    reason: str = Field(description="Why it is no better.")


class HostedMeetingView(BaseModel):
    id: str
    title: str
    created_at: str
    ended_at: str | None
    url: str
    attended: int | None = Field(description="How many were ever in it; null: that is not known.")
    present: int = Field(description="How many are in it now.")
    last_seen_at: str | None = Field(description="When anyone was last seen in it.")
    imported: Kind | None = Field(None, description="What it was elsewhere, if it was not held here.")
    source: SourceView | None = Field(None, description="Of an import: where it comes from.")


class HostedMeetings(BaseModel):
    meetings: list[HostedMeetingView]


def listed(hosted: HostedMeeting, record: Import | None, url: str) -> HostedMeetingView:
    """`record`: for an import, what is known of where it comes from."""
    meeting = hosted.meeting
    return HostedMeetingView(
        id=meeting.room,
        title=meeting.title,
        created_at=rfc3339(meeting.created_at),
        ended_at=attendance_report.moment(attendance_report.ended_at(meeting, record)),
        url=url,
        attended=hosted.attended if record is None or import_source.is_known(record) else None,
        present=hosted.present,
        last_seen_at=attendance_report.moment(hosted.last_seen_at),
        imported=hosted.imported,
        source=None if record is None else SourceView(**import_source.summary(record)),
    )
