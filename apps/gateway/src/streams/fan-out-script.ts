/**
 * Tells readers of a stream, in the script that changes it: who is told what there is. Each reader is told by the
 * gateway that holds its lease, and a gateway is told everything of one call in one message; who has no lease is
 * connected nowhere. What is lost a reader finds out from the offset of the next piece.
 *
 * `fanOut(lease prefix, channel prefix)` → `enqueue(readers, of, run, piece)`, `publish()`
 */
export const fanOut = `
local function fanOut(leases, channels)
  local gateways, outbox = {}, {}
  local function gatewayOf(reader)
    if gateways[reader] == nil then
      local lease = redis.call('GET', leases .. reader)
      local gateway = lease and cjson.decode(lease).gateway
      -- A tombstone has none.
      gateways[reader] = type(gateway) == 'string' and gateway
    end
    return gateways[reader]
  end
  local function enqueue(readers, of, run, piece)
    piece.agent_id, piece.stream_id = string.match(of, '^(%S+) (%S+)$')
    local frames = {}
    for reader in string.gmatch(readers, '%S+') do
      local gateway = gatewayOf(reader)
      if gateway then
        if not frames[gateway] then
          frames[gateway] = { to = {}, run = run, piece = piece }
          outbox[gateway] = outbox[gateway] or {}
          table.insert(outbox[gateway], frames[gateway])
        end
        table.insert(frames[gateway].to, reader)
      end
    end
  end
  local function publish()
    for gateway, frames in pairs(outbox) do
      redis.call('PUBLISH', channels .. gateway, cjson.encode({ type = 'streams', frames = frames }))
    end
  end
  return enqueue, publish
end
`;
