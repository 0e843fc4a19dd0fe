-- Which function files the database has. Not within `carry_out`: every call would be planned with this, and need rights
-- to this table.
CREATE OR REPLACE FUNCTION reconvene.all_function_files(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT json_build_object('value', json_build_object(
            'release', max(release), 'hashes', json_object_agg(name, hash)
        ))
        FROM reconvene.function_files
    );
END $$;
