-- Who is let in, and what claims and invites grant. `storage.entry` tells the same to SQLite; the tests compare the two.

-- Decides about the wishes with these numbers, in their order. `refused` says why somebody is not let in. Of those who are,
-- `role`, `role_at` and `may` are what changes; NULL: nothing. The meetings are locked.
CREATE OR REPLACE FUNCTION reconvene.judged(wishes reconvene.wish[], numbers integer[]) RETURNS reconvene.wish[] LANGUAGE plpgsql
AS $$
DECLARE
    wish reconvene.wish;
    invitation reconvene.invites;
    known record;
    settings jsonb;
    is_used boolean; -- by this user
    is_new boolean;
    is_claimed boolean;
    is_host boolean;
    has_password boolean;
    is_invited boolean;
    takes_over boolean; -- by the host link; `join_many` makes the host before a co-host
    waits boolean;
    changed_at double precision;
    hosted text[] := '{}'; -- rooms into which this call lets a host or co-host
    decided reconvene.wish[] := '{}';
BEGIN
    FOR wish IN SELECT * FROM unnest(wishes) ORDER BY n LOOP
        IF coalesce(wish.n, 0) <> ALL (numbers) THEN
            decided := decided || wish;
            CONTINUE;
        END IF;
        SELECT
            meetings.host_user_id, meetings.settings, meetings.sitting, person.role, person.role_at,
            coalesce(person.sitting, 0) AS last_sitting,
            wish."returns" AND EXISTS (
                SELECT 1 FROM reconvene.participant_sessions
                WHERE participant_id = person.id AND session_id = wish.previous_session AND reason = 'removed'
            ) AS put_out,
            back, removals.at AS removed_at,
            coalesce(admissions.sitting, 0) AS admitted_in, coalesce(denials, 0) AS denials
        INTO known
        FROM reconvene.meetings
        LEFT JOIN reconvene.participants AS person ON person.room = meetings.room AND person.user_id = wish.user_id
        LEFT JOIN reconvene.removals ON removals.room = meetings.room AND removals.user_id = wish.user_id
        LEFT JOIN reconvene.admissions ON admissions.room = meetings.room AND admissions.user_id = wish.user_id
        WHERE meetings.room = wish.room;
        settings := known.settings;
        wish.standing := coalesce(wish.standing, 'guest');

        is_invited := false;
        IF wish.invite IS NOT NULL THEN
            SELECT * INTO invitation FROM reconvene.invites
            WHERE room = wish.room AND hash = wish.invite AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > wish.at);
            is_used := EXISTS (
                SELECT 1 FROM reconvene.invite_uses WHERE invite = invitation.id AND user_id = wish.user_id
            );
            is_invited := invitation.id IS NOT NULL
                AND (is_used AND invitation.role <> 'host'
                    OR invitation.uses IS NULL OR invitation.used < invitation.uses);
        END IF;

        -- What is granted.
        is_host := wish.user_id = known.host_user_id;
        is_new := known.role IS NULL AND known.back IS NULL;
        changed_at := greatest(known.role_at, known.removed_at, 0);
        is_claimed := (wish.role IS NOT NULL OR wish.may IS NOT NULL) AND NOT is_host
            AND (is_new OR coalesce(wish.role_at, 0) > changed_at);
        IF NOT is_claimed THEN
            wish.role := NULL;
            wish.may := NULL;
            wish.role_at := NULL;
        END IF;
        IF is_invited AND NOT is_used AND NOT is_host AND (is_new OR invitation.created_at > changed_at)
            AND array_position('{participant, cohost, host}', invitation.role)
                > array_position('{participant, cohost, host}', coalesce(wish.role, known.role, 'participant'))
        THEN
            wish.role := invitation.role;
            wish.role_at := wish.at;
        END IF;
        takes_over := is_invited AND NOT is_host AND invitation.role = 'host';
        IF takes_over THEN
            -- The host link, whatever the meeting did to its user before.
            wish.role := 'host';
            wish.role_at := greatest(wish.at, changed_at);
        ELSIF wish.role = 'host' AND known.host_user_id <> '' THEN
            wish.role := 'cohost';
        END IF;
        is_host := is_host OR coalesce(wish.role, known.role) IN ('host', 'cohost');

        -- Who is let in.
        has_password := coalesce(settings -> 'password_version' = to_jsonb(wish.password_version), false);
        waits := settings ->> 'lobby' = 'everyone' AND wish.standing <> 'trusted'
            OR wish.standing = 'guest' AND (settings ->> 'lobby' = 'guests' OR wish.guests_wait);
        wish.refused := CASE
            WHEN known.back = 'never' OR known.put_out THEN 'removed'
            WHEN known.denials >= 2 THEN 'denied'
            WHEN is_host THEN NULL
            WHEN known.back = 'knock' THEN 'lobby'
            -- Without a bound for what was lost: whoever has a place, unless a removal has taken it meanwhile.
            WHEN wish.grace IS NULL AND known.last_sitting >= 0 OR known.sitting IN (known.admitted_in, known.last_sitting) THEN NULL
            WHEN settings -> 'join_before_host' = 'false'
                AND NOT (
                    wish.standing = 'trusted' AND (starts_with(wish.user_id, 'b_') OR starts_with(wish.user_id, 'xb_'))
                )
                AND wish.room <> ALL (hosted)
                AND NOT EXISTS (
                    SELECT 1 FROM reconvene.participants
                    WHERE room = wish.room AND state = 'connected' AND role IN ('host', 'cohost')
                )
                THEN 'not_started'
            WHEN settings ->> 'password_version' IS NOT NULL AND NOT has_password AND NOT is_invited
                THEN 'password_required'
            WHEN settings -> 'locked' = 'true' THEN 'locked'
            WHEN waits AND NOT is_invited
                AND NOT (has_password AND coalesce(settings -> 'password_skips_lobby' = 'true', false))
                THEN 'lobby'
        END;

        IF wish.refused IS NULL THEN
            IF is_host THEN
                hosted := hosted || wish.room;
            END IF;
            IF known.back IS NOT NULL THEN
                -- Whoever is let in has come back.
                DELETE FROM reconvene.removals WHERE room = wish.room AND user_id = wish.user_id;
            END IF;
            IF wish.role = 'host' THEN
                UPDATE reconvene.meetings SET host_user_id = wish.user_id WHERE room = wish.room;
            END IF;
            IF takes_over THEN
                PERFORM reconvene.forgive(wish.room, wish.user_id);
                PERFORM reconvene.write_audit(
                    wish.room, wish.at, wish.user_id, 'host_link', known.host_user_id,
                    jsonb_build_object('invite', invitation.id, 'role', 'host')
                );
            END IF;
            -- The host's own link is kept by whoever is host already.
            IF is_invited AND NOT is_used AND (takes_over OR invitation.role <> 'host') THEN
                UPDATE reconvene.invites SET used = used + 1 WHERE id = invitation.id;
                INSERT INTO reconvene.invite_uses (invite, user_id, at) VALUES (invitation.id, wish.user_id, wish.at);
            END IF;
        END IF;
        decided := decided || wish;
    END LOOP;
    RETURN decided;
END $$;
