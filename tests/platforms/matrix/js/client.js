// A whole conversation as matrix-js-sdk with its rust crypto sees it: a person in an encrypted direct room, who is also an adviser in the
// encrypted staff room. Trusts only devices that are cross-signed. Prints one JSON line for each thing seen.

Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
    return { promise, resolve, reject };
};

// When an event comes back by the sync before the answer to its sending, this client trips over its own feet.
process.on("uncaughtException", (error) => {
    if (!String(error).includes("not a local echo")) throw error;
});

const sdk = await import("matrix-js-sdk");
const { logger } = await import("matrix-js-sdk/lib/logger.js");
const { OnlySignedDevicesIsolationMode } = await import("matrix-js-sdk/lib/crypto-api/index.js");
logger.setLevel("silent");

const [baseUrl, userId, deviceId, accessToken, bot, staffRoom] = process.argv.slice(2);
const client = sdk.createClient({ baseUrl, userId, deviceId, accessToken, logger });

function show(what, value) {
    console.log(JSON.stringify({ what, ...value }));
}

async function until(what, find, seconds = 30) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
        const found = await find();
        if (found) return found;
    }
    throw new Error(`not within ${seconds} s: ${what}`);
}

function events(roomId) {
    const room = client.getRoom(roomId);
    if (!room) return [];
    const inThreads = room.getThreads().flatMap((thread) => thread.timeline);
    return [...new Map([...room.getLiveTimeline().getEvents(), ...inThreads].map((event) => [event.getId(), event])).values()];
}

async function seen(roomId, text) {
    return until(`"${text}" in ${roomId}`, () =>
        events(roomId).find((event) => event.getSender() === bot && (event.getContent().body ?? "").includes(text)),
    );
}

async function shown(what, event) {
    const info = event.isEncrypted() ? await client.getCrypto().getEncryptionInfoForEvent(event) : null;
    show(what, {
        body: event.getContent().body,
        msgtype: event.getContent().msgtype,
        encrypted: event.isEncrypted(),
        failed: event.isDecryptionFailure(),
        shield: info ? info.shieldColour : null,
        reason: info ? info.shieldReason : null,
        thread: event.threadRootId ?? null,
    });
}

await client.initRustCrypto({ useIndexedDB: false });
client.getCrypto().setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
// Who trusts only signed devices has to be signed as well, or does not give its keys to itself.
await client.getCrypto().bootstrapCrossSigning({ authUploadDeviceSigningKeys: async (upload) => upload(null) });
await client.startClient({ threadSupport: true, initialSyncLimit: 30 });
await until("the first sync", () => client.isInitialSyncComplete());

await client.joinRoom(staffRoom);
await until("the staff room", () => client.getRoom(staffRoom)?.hasEncryptionStateEvent());

const { room_id: room } = await client.createRoom({
    invite: [bot],
    is_direct: true,
    preset: "private_chat",
    initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
});
await until("the direct room", () => client.getRoom(room)?.getMember(bot) && client.getRoom(room).hasEncryptionStateEvent());
await client.sendTextMessage(room, "Kako odprem s.p.?");

const answer = await seen(room, "Odgovor na");
await shown("answer", answer);
const devices = (await client.getCrypto().getUserDeviceInfo([bot])).get(bot);
for (const id of devices.keys()) {
    const status = await client.getCrypto().getDeviceVerificationStatus(bot, id);
    show("device", { signedByOwner: status.signedByOwner, verified: status.isVerified() });
}

await client.sendEvent(room, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: answer.getId(), key: "👎" } });
const told = await seen(room, "(zadeva #");
const number = told.getContent().body.match(/\(zadeva #(\d+)\)/)[1];
const card = await seen(staffRoom, `🟡 #${number} `);
await shown("card", card);

const root = card.getId();
await client.sendMessage(staffRoom, root, { msgtype: "m.text", body: "Odgovor z drugega odjemalca" });
await shown("reply", await seen(room, "Odgovor z drugega odjemalca"));
await client.sendTextMessage(room, "Hvala lepa");
const passedOn = await seen(staffRoom, "Hvala lepa");
await shown("passed on", passedOn);
await until("the thread", () => client.getRoom(staffRoom).getThread(root)?.events.length >= 2);
show("thread", { bodies: client.getRoom(staffRoom).getThread(root).events.map((event) => event.getContent().body), root, of: passedOn.threadRootId });
client.stopClient();
process.exit(0);
