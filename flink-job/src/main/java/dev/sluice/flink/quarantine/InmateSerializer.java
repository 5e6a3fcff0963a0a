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
final class InmateSerializer extends AsyncSinkWriterStateSerializer<Inmate> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    protected void serializeRequestToStream(Inmate inmate, DataOutputStream out) throws IOException {
        DeliveryCodec.write(inmate.delivery(), out);
        out.writeInt(inmate.charges().size());
        for (Charge charge : inmate.charges()) {
            writeText(charge.code(), out);
            out.writeBoolean(charge.field() != null);
            if (charge.field() != null) {
                writeText(charge.field(), out);
            }
            writeText(charge.message(), out);
        }
        out.writeInt(inmate.omitted());
    }

    @Override
    protected Inmate deserializeRequestFromStream(long size, DataInputStream in) throws IOException {
        Delivery delivery = DeliveryCodec.read(in);
        List<Charge> charges = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String code = readText(in);
            String field = in.readBoolean() ? readText(in) : null;
            charges.add(new Charge(code, field, readText(in)));
        }
        return new Inmate(delivery, List.copyOf(charges), in.readInt());
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
