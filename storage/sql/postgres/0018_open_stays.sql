-- A node compares the stays that are open under it with who is in its rooms, and closes those that nobody is in.

CREATE FUNCTION reconvene.open_stays(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce(json_agg(json_build_object(
        'room', room,
        'user_id', user_id,
        'participant_id', participant_id,
        'session_id', session_id,
        'instance', instance,
        'joined_at', joined_at
    )), '[]'))
    FROM reconvene.participant_sessions JOIN reconvene.participants ON id = participant_id
    WHERE node_id = call ->> 'node_id' AND left_at IS NULL
$$;

-- As in 0003, but that the stay is named, and closed like one of a node that died: when somebody was last seen in it.
CREATE OR REPLACE FUNCTION reconvene.abandon_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    seen_at double precision := (call ->> 'seen_at')::double precision;
BEGIN
    PERFORM 1 FROM reconvene.participants WHERE id = call ->> 'participant_id' FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, reconnects[cardinality(reconnects)], seen_at),
        reason = CASE WHEN connections = 1 AND seen_at IS NULL THEN 'left' ELSE 'lost' END,
        estimated = true
    WHERE participant_id = call ->> 'participant_id' AND session_id = call ->> 'session_id'
        AND node_id = call ->> 'node_id' AND left_at IS NULL;
    RETURN '{"value": null}';
END $$;

-- As in 0014, with one call more.
CREATE OR REPLACE FUNCTION reconvene.carry_out(calls jsonb, before double precision DEFAULT NULL) RETURNS json
LANGUAGE plpgsql
SET lock_timeout = '200ms'
SET enable_seqscan = off -- every row is looked up by an index, however few there are as yet: plans are made once, and kept
AS $$
DECLARE
    call jsonb;
    answers json[] := '{}';
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Under another, what was committed while a lock was waited for would not be seen.
        RAISE EXCEPTION 'Reconvene needs transactions at the level "read committed", and default_transaction_isolation is %',
            current_setting('transaction_isolation') USING ERRCODE = 'feature_not_supported';
    END IF;
    IF extract(epoch FROM clock_timestamp()) > before THEN
        RETURN (SELECT json_agg('{"refused": "late"}'::json) FROM jsonb_array_elements(calls));
    END IF;
    FOR call IN SELECT value FROM jsonb_array_elements(calls) LOOP
        answers := array_append(answers, CASE call ->> 'call'
            WHEN 'join_many' THEN json_build_object('value', reconvene.join_many(call -> 'calls', call ? 'again'))
            WHEN 'join' THEN reconvene.join_meeting(call)
            WHEN 'leave' THEN reconvene.leave(call)
            WHEN 'resume_stay' THEN reconvene.resume_stay(call)
            WHEN 'open_stays' THEN reconvene.open_stays(call)
            WHEN 'abandon_stay' THEN reconvene.abandon_stay(call)
            WHEN 'meeting' THEN reconvene.find_meeting(call)
            WHEN 'participant' THEN reconvene.participant_of_user(call)
            WHEN 'create_meeting' THEN reconvene.create_meeting(call)
            WHEN 'end_meeting' THEN reconvene.end_meeting(call)
            WHEN 'delete_meeting' THEN reconvene.delete_meeting(call)
            WHEN 'delete_old_meetings' THEN reconvene.delete_old_meetings(call)
            WHEN 'revoke' THEN reconvene.revoke(call)
            WHEN 'revocations' THEN reconvene.all_revocations(call)
            WHEN 'heartbeat' THEN reconvene.heartbeat(call)
            WHEN 'close_dead_nodes' THEN reconvene.close_dead_nodes(call)
            WHEN 'stop_node' THEN reconvene.stop_node(call)
            WHEN 'restorable' THEN reconvene.restorable(call)
            WHEN 'attendance' THEN reconvene.attendance(call)
            WHEN 'hosted_meetings' THEN reconvene.hosted_meetings(call)
            WHEN 'begin_walk' THEN reconvene.begin_walk(call)
            WHEN 'take_walk' THEN reconvene.take_walk(call)
            WHEN 'renew_walk' THEN reconvene.renew_walk(call)
            WHEN 'release_walk' THEN reconvene.release_walk(call)
            WHEN 'save_page' THEN reconvene.save_page(call)
            WHEN 'finish_walk' THEN reconvene.finish_walk(call)
            WHEN 'drop_walk' THEN reconvene.drop_walk(call)
            WHEN 'sweep_walks' THEN reconvene.sweep_walks(call)
            WHEN 'record_live' THEN reconvene.record_live(call)
            WHEN 'end_live' THEN reconvene.end_live(call)
            WHEN 'schedule_import' THEN reconvene.schedule_import(call)
            WHEN 'claim_due_imports' THEN reconvene.claim_due_imports(call)
            WHEN 'imported' THEN reconvene.imported(call)
            WHEN 'imports' THEN reconvene.latest_imports(call)
            WHEN 'import_totals' THEN reconvene.import_totals(call)
            WHEN 'registrations' THEN reconvene.registrations(call)
            WHEN 'clock' THEN json_build_object('value', extract(epoch FROM clock_timestamp()))
            WHEN 'version' THEN json_build_object('value', (SELECT max(number) FROM reconvene.migrations))
        END);
    END LOOP;
    RETURN to_json(answers);
END $$;

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (18, '0018_open_stays');
