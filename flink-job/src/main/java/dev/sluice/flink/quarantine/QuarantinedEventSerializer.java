package dev.sluice.flink.quarantine;

import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.source.DeliveryCodec;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;

/** Events that are not in quarantine yet, in a checkpoint. */
final class QuarantinedEventSerializer extends AsyncSinkWriterStateSerializer<QuarantinedEvent> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    protected void serializeRequestToStream(QuarantinedEvent event, DataOutputStream out) throws IOException {
        DeliveryCodec.write(event.delivery(), out);
        out.writeInt(event.reasons().size());
        for (Reason reason : event.reasons()) {
            writeText(reason.code(), out);
            out.writeBoolean(reason.field() != null);
            if (reason.field() != null) {
                writeText(reason.field(), out);
            }
            writeText(reason.message(), out);
        }
        out.writeInt(event.omitted());
    }

    @Override
    protected QuarantinedEvent deserializeRequestFromStream(long size, DataInputStream in) throws IOException {
        Delivery delivery = DeliveryCodec.read(in);
        List<Reason> reasons = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String code = readText(in);
            String field = in.readBoolean() ? readText(in) : null;
            reasons.add(new Reason(code, field, readText(in)));
        }
        return new QuarantinedEvent(delivery, List.copyOf(reasons), in.readInt());
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String readText(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}
