-- Lets the candidate serve, by naming it.
-- argocd-server runs it also where discovery.lua disables it, which only the pages of Argo CD look at.
local function gitHolds()
  for _, entry in ipairs(obj.metadata.managedFields or {}) do
    local release = ((entry.fieldsV1 or {})["f:spec"] or {})["f:release"] or {}
    if (entry.manager == "argocd-controller" or entry.manager == "kustomize-controller") and release["f:active"] ~= nil then
      return true
    end
  end
  return false
end
if gitHolds() then
  error("Shop " .. obj.metadata.name .. ": Git holds spec.release.active, and the next sync would put it back; commit the change there")
end
local status = obj.status or {}
local waits = false
for _, c in ipairs(status.conditions or {}) do
  if c.type == "AwaitingApproval" and c.status == "True" then
    waits = true
  end
end
if not waits or status.candidate == nil then
  error("Shop " .. obj.metadata.name .. ": status.candidate names no release that waits for an approval")
end
obj.spec = obj.spec or {}
obj.spec.release = obj.spec.release or {}
obj.spec.release.active = status.candidate.release
-- Argo CD does not tell a script who ran it: its own event of the Application does. With the access policy of config/policy the
-- API server writes who it was, which is argocd-server's account.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["shop.emporium.dev/by"] = nil
obj.metadata.annotations["shop.emporium.dev/because"] = "the action promote of Argo CD"
obj.metadata.annotations["shop.emporium.dev/acted-on"] = obj.spec.release.active
return obj
