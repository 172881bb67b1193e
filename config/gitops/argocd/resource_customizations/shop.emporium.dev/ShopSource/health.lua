-- What a ShopSource's conditions mean to Argo CD. Suspended: a person goes on, not the operator.
local hs = {status = "Progressing", message = "the operator has not seen this change yet"}
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end
local conditions = {}
for _, c in ipairs(obj.status.conditions or {}) do
  conditions[c.type] = c
end
local function is(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end
local ready = conditions["Ready"]
if ready == nil then
  return hs
end
hs.message = ready.message
if is("Stalled") then
  hs.status = "Degraded"
elseif is("Ready") then
  hs.status = "Healthy"
elseif not is("Reconciling") then
  -- Paused.
  hs.status = "Suspended"
end
return hs
