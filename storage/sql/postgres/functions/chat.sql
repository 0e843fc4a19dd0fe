-- The chat. `storage.chat` says what these do.

-- As `storage.chat.Message`.
CREATE OR REPLACE FUNCTION reconvene.shown_message(message reconvene.messages) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', message.id,
        'user_id', message.user_id,
        'to_user', message.to_user,
        'reply_to', message.reply_to,
        'text', message.text,
        'at', message.at,
        'edited_at', message.edited_at,
        'deleted_at', message.deleted_at,
        'participant', coalesce(author.id, ''),
        'name', coalesce(author.name, ''),
        'to', (
            SELECT id FROM reconvene.participants WHERE room = message.room AND user_id = message.to_user
        ),
        'deleted_by', (
            SELECT id FROM reconvene.participants WHERE room = message.room AND user_id = message.deleted_by
        )
    )
    FROM (VALUES (1)) AS one (row)
    LEFT JOIN reconvene.participants AS author ON author.room = message.room AND author.user_id = message.user_id
$$;

CREATE OR REPLACE FUNCTION reconvene.write_messages(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    which text := call ->> 'room';
    given jsonb;
    message reconvene.messages;
    fate text;
    answers json[] := '{}';
BEGIN
    -- It is not deleted meanwhile; and entries of the audit are counted one after another.
    IF call -> 'writes' @> '[{"any_author": true}]' THEN
        PERFORM 1 FROM reconvene.meetings WHERE room = which FOR NO KEY UPDATE;
    ELSE
        PERFORM 1 FROM reconvene.meetings WHERE room = which FOR KEY SHARE;
    END IF;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    FOR given IN SELECT value FROM jsonb_array_elements(call -> 'writes') LOOP
        message := NULL;
        IF given ? 'key' THEN
            INSERT INTO reconvene.messages (room, id, user_id, key, to_user, reply_to, text, at)
            VALUES (
                which, given ->> 'id', given ->> 'user_id', given ->> 'key', given ->> 'to_user', given ->> 'reply_to',
                given ->> 'text', (given ->> 'at')::double precision
            )
            ON CONFLICT DO NOTHING
            RETURNING * INTO message;
            fate := 'done';
            IF NOT FOUND THEN
                SELECT * INTO message FROM reconvene.messages
                WHERE room = which AND user_id = given ->> 'user_id' AND key = given ->> 'key';
                fate := CASE WHEN message.id = given ->> 'id' THEN 'again' ELSE 'used' END;
            END IF;
        ELSE
            SELECT * INTO message FROM reconvene.messages WHERE room = which AND id = given ->> 'id' FOR NO KEY UPDATE;
            IF NOT FOUND THEN
                fate := 'unknown';
            ELSIF given ? 'any_author' THEN
                fate := CASE
                    WHEN message.user_id <> given ->> 'user_id' AND NOT (given ->> 'any_author')::boolean THEN 'forbidden'
                    WHEN message.deleted_at IS NOT NULL THEN 'again'
                    ELSE 'done'
                END;
                IF fate = 'done' THEN
                    UPDATE reconvene.messages
                    SET text = '', deleted_at = (given ->> 'at')::double precision, deleted_by = given ->> 'user_id'
                    WHERE room = which AND id = message.id
                    RETURNING * INTO message;
                    -- Of others, never the text.
                    IF message.user_id <> message.deleted_by THEN
                        PERFORM reconvene.write_audit(
                            which, message.deleted_at, message.deleted_by, 'chat_delete', message.user_id,
                            jsonb_build_object('message', message.id)
                        );
                    END IF;
                END IF;
            ELSE
                fate := CASE
                    WHEN message.user_id <> given ->> 'user_id' THEN 'forbidden'
                    WHEN message.deleted_at IS NOT NULL THEN 'unknown'
                    WHEN message.edited_at = (given ->> 'at')::double precision THEN 'again'
                    WHEN jsonb_typeof(given -> 'only_to') = 'array'
                        AND NOT coalesce(given -> 'only_to' ? message.to_user, false) THEN 'elsewhere'
                    WHEN (given ->> 'at')::double precision - message.at > 900 THEN 'late'
                    ELSE 'done'
                END;
                IF fate = 'done' THEN
                    UPDATE reconvene.messages
                    SET text = given ->> 'text', edited_at = (given ->> 'at')::double precision
                    WHERE room = which AND id = message.id
                    RETURNING * INTO message;
                END IF;
            END IF;
        END IF;
        answers := array_append(answers, json_build_object('fate', fate, 'message', CASE
            -- The caller knows what is new.
            WHEN fate = 'again' OR fate = 'done' AND NOT given ? 'key' THEN reconvene.shown_message(message)
        END));
    END LOOP;
    RETURN json_build_object('value', answers);
END $$;

CREATE OR REPLACE FUNCTION reconvene.erase_messages(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    which text := call ->> 'room';
    author text := call ->> 'author';
    who text := call ->> 'by';
    moment double precision;
    erased integer;
BEGIN
    PERFORM 1 FROM reconvene.meetings WHERE room = which FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    SELECT at INTO moment FROM reconvene.changes WHERE room = which AND user_id = who AND key = call ->> 'key';
    -- What was written since the first time stays.
    IF NOT FOUND THEN
        moment := (call ->> 'at')::double precision;
        INSERT INTO reconvene.changes (room, user_id, key, at) VALUES (which, who, call ->> 'key', moment);
        UPDATE reconvene.messages SET text = '', deleted_at = moment, deleted_by = who
        WHERE room = which AND user_id = author AND deleted_at IS NULL;
        GET DIAGNOSTICS erased = ROW_COUNT;
        IF erased > 0 THEN
            PERFORM reconvene.write_audit(
                which, moment, who, 'chat_erase', author, jsonb_build_object('messages', erased)
            );
        END IF;
    END IF;
    RETURN json_build_object('value', (
        SELECT json_build_object(
            'at', moment,
            'messages', coalesce(json_agg(id), '[]'),
            'until', greatest(moment, max(at)),
            'deleted_by', (SELECT id FROM reconvene.participants WHERE room = which AND user_id = who)
        )
        FROM reconvene.messages
        WHERE room = which AND user_id = author AND deleted_at = moment AND deleted_by = who
    ));
END $$;

CREATE OR REPLACE FUNCTION reconvene.message_of_key(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', (
        SELECT reconvene.shown_message(messages) FROM reconvene.messages
        WHERE room = call ->> 'room' AND user_id = call ->> 'user_id' AND key = call ->> 'key'
    ))
$$;

CREATE OR REPLACE FUNCTION reconvene.read_messages(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    until double precision := 'infinity';
BEGIN
    IF call ->> 'before' IS NOT NULL THEN
        SELECT at INTO until FROM reconvene.messages WHERE room = call ->> 'room' AND id = call ->> 'before';
    END IF;
    RETURN json_build_object('value', (
        SELECT coalesce(json_agg(reconvene.shown_message(found.message) ORDER BY found.at, found.id), '[]')
        FROM (
            SELECT messages AS message, at, id FROM reconvene.messages
            WHERE room = call ->> 'room' AND at <= until AND (at < until OR id < call ->> 'before')
                AND at >= coalesce((call ->> 'since')::double precision, '-infinity')
                AND (
                    to_user IS NULL
                    OR user_id = call ->> 'user_id'
                    OR to_user = call ->> 'user_id'
                    OR (to_user = '' AND (call ->> 'in_charge')::boolean)
                )
            ORDER BY at DESC, id DESC
            LIMIT (call ->> 'limit')::integer
        ) AS found
    ));
END $$;

CREATE OR REPLACE FUNCTION reconvene.read_messages_after(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    since double precision := greatest(
        coalesce((call ->> 'at')::double precision, '-infinity'),
        coalesce((call ->> 'since')::double precision, '-infinity')
    );
BEGIN
    RETURN json_build_object('value', (
        SELECT coalesce(json_agg(reconvene.shown_message(found.message) ORDER BY found.at, found.id), '[]')
        FROM (
            SELECT messages AS message, at, id FROM reconvene.messages
            WHERE room = call ->> 'room' AND at >= since
                AND (at > (call ->> 'at')::double precision OR id > call ->> 'id' OR NOT call ? 'id')
                AND (
                    to_user IS NULL
                    OR user_id = call ->> 'user_id'
                    OR to_user = call ->> 'user_id'
                    OR (to_user = '' AND (call ->> 'in_charge')::boolean)
                )
            ORDER BY at, id
            LIMIT (call ->> 'limit')::integer
        ) AS found
    ));
END $$;

CREATE OR REPLACE FUNCTION reconvene.forget_messages(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    old text;
    forgotten integer := 0;
BEGIN
    FOR old IN
        WITH RECURSIVE rooms (room) AS (
            SELECT min(room) FROM reconvene.messages
            UNION ALL
            SELECT (SELECT min(next.room) FROM reconvene.messages AS next WHERE next.room > rooms.room)
            FROM rooms WHERE rooms.room IS NOT NULL
        )
        SELECT meetings.room
        FROM rooms
        JOIN reconvene.meetings ON meetings.room = rooms.room
        CROSS JOIN LATERAL (
            SELECT (call ->> CASE WHEN settings ->> 'chat_keep' = 'no' THEN 'unkept_before' ELSE 'kept_before' END)
                ::double precision AS before
        ) AS limits
        WHERE coalesce(settings ->> 'chat_keep', '') <> 'record'
            AND NOT EXISTS (
                SELECT 1 FROM reconvene.participants
                WHERE participants.room = meetings.room AND (state = 'connected' OR last_seen_at >= before)
            )
    LOOP
        DELETE FROM reconvene.messages WHERE room = old;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN json_build_object('value', forgotten);
END $$;
