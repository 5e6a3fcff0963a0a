package dev.sluice.flink.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The {@link Shards} in a checkpoint.
 *
 * <p>Version 1 has the ids of all shards that were ever given to a reader or wait for one, and then those
 * that wait. It does not say which were read to their end. All that do not wait are taken for finished:
 * their readers have them, and no shard waits for a parent of which nobody is going to tell.
 */
final class ShardsSerializer implements SimpleVersionedSerializer<Shards> {
    private static final int VERSION = 2;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(Shards shards) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        writeIds(shards.given(), out);
        writeIds(shards.finished(), out);
        return bytes.toByteArray();
    }

    @Override
    public Shards deserialize(int version, byte[] bytes) throws IOException {
        if (version > VERSION) {
            throw new IOException("the shards of version " + version + " are from a later release of this job");
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        if (version == VERSION) {
            return new Shards(readIds(in), readIds(in));
        }
        Set<String> known = readIds(in);
        for (int left = in.readInt(); left > 0; left--) {
            known.remove(in.readUTF());
            in.readUTF(); // A position, at which nothing was read.
        }
        return new Shards(Set.of(), known);
    }

    private static void writeIds(Set<String> ids, DataOutputStream out) throws IOException {
        out.writeInt(ids.size());
        for (String id : ids) {
            out.writeUTF(id);
        }
    }

    private static Set<String> readIds(DataInputStream in) throws IOException {
        Set<String> ids = new TreeSet<>();
        for (int left = in.readInt(); left > 0; left--) {
            ids.add(in.readUTF());
        }
        return ids;
    }
}
