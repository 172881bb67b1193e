package gitops

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const customizations = recipes + "argocd/resource_customizations/shop.emporium.dev/"

// verdict is what a health.lua returns.
type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func health(t *testing.T, u *unstructured.Unstructured) verdict {
	t.Helper()
	out, err := runLua(filepath.Join(customizations, u.GetKind(), "health.lua"), u)
	if err != nil {
		t.Fatal(err)
	}
	hs, _ := out.(map[string]any)
	text := func(key string) string { s, _ := hs[key].(string); return s }
	v := verdict{text("status"), text("message")}
	switch v.Status {
	case "Healthy", "Progressing", "Degraded", "Suspended": // else Argo CD shows Unknown
	default:
		t.Fatalf("%s %s: health.lua says %+v", u.GetKind(), u.GetName(), v)
	}
	return v
}

// runLua runs a script as Argo CD does: in the same VM with the same libraries, of os nothing but the clock.
func runLua(path string, u *unstructured.Unstructured) (any, error) {
	script, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.OsLibName: lua.OpenOs,
	} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, fmt.Errorf("opening %s: %w", name, err)
		}
	}
	all := l.GetGlobal(lua.OsLibName).(*lua.LTable)
	for _, unsafe := range []string{"execute", "exit", "getenv", "remove", "rename", "setenv", "tmpname", "setlocale", "clock", "difftime"} {
		all.RawSetString(unsafe, lua.LNil)
	}
	l.PreloadModule(lua.OsLibName, func(l *lua.LState) int { l.Push(all); return 1 })
	l.SetGlobal("obj", toLua(l, u.Object))
	if err := l.DoString(string(script)); err != nil {
		return nil, fmt.Errorf("running %s: %w", path, err)
	}
	return fromLua(l.Get(-1), u.Object), nil
}

func toLua(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		list := l.CreateTable(len(v), 0)
		for _, item := range v {
			list.Append(toLua(l, item))
		}
		return list
	case map[string]any:
		table := l.CreateTable(0, len(v))
		for key, item := range v {
			table.RawSetString(key, toLua(l, item))
		}
		return table
	}
	return lua.LNil
}

// fromLua makes values again. An empty table is a map or a list in Lua: it is what stood there before, as Argo CD has it.
func fromLua(v lua.LValue, before any) any {
	switch v := v.(type) {
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return string(v)
	case lua.LNumber:
		if whole := int64(v); lua.LNumber(whole) == v {
			return whole
		}
		return float64(v)
	case *lua.LTable:
		return fromTable(v, before)
	}
	return nil
}

func fromTable(v *lua.LTable, before any) any {
	was, _ := before.(map[string]any)
	if list, isList := before.([]any); v.Len() > 0 || isList {
		out := []any{}
		for i := 1; i <= v.Len(); i++ {
			var item any
			if i <= len(list) {
				item = list[i-1]
			}
			out = append(out, fromLua(v.RawGetInt(i), item))
		}
		return out
	}
	out := map[string]any{}
	v.ForEach(func(key, value lua.LValue) { out[key.String()] = fromLua(value, was[key.String()]) })
	return out
}
