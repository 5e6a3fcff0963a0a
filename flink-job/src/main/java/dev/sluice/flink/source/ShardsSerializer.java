package dev.sluice.flink.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** The {@link Shards} in a checkpoint. */
final class ShardsSerializer implements SimpleVersionedSerializer<Shards> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(Shards shards) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(shards.known().size());
        for (String id : shards.known()) {
            out.writeUTF(id);
        }
        out.writeInt(shards.unassigned().size());
        for (Shard shard : shards.unassigned()) {
            out.writeUTF(shard.id());
            out.writeUTF(shard.after());
        }
        return bytes.toByteArray();
    }

    @Override
    public Shards deserialize(int version, byte[] bytes) throws IOException {
        if (version != VERSION) {
            throw new IOException("the shards of version " + version + " are from a later release of this job");
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        Set<String> known = new TreeSet<>();
        for (int left = in.readInt(); left > 0; left--) {
            known.add(in.readUTF());
        }
        List<Shard> unassigned = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            unassigned.add(new Shard(in.readUTF(), in.readUTF()));
        }
        return new Shards(known, unassigned);
    }
}
