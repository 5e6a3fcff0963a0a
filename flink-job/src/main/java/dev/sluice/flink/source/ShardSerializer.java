package dev.sluice.flink.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A shard in a checkpoint. Version 1 has no {@link Shard#END}, and is the same otherwise. */
final class ShardSerializer implements SimpleVersionedSerializer<Shard> {
    private static final int VERSION = 2;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(Shard shard) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(shard.id());
        out.writeUTF(shard.after());
        return bytes.toByteArray();
    }

    @Override
    public Shard deserialize(int version, byte[] bytes) throws IOException {
        if (version > VERSION) {
            throw new IOException("a shard of version " + version + " is from a later release of this job");
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        return new Shard(in.readUTF(), in.readUTF());
    }
}
