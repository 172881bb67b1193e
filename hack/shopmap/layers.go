package main

import (
	"cmp"
	"slices"
)

// everybody is asked by nearly all, for the keys of tokens: lines to it would hide the others.
const everybody = "auth"

// layers puts those who ask before those who are asked: a station's layer is the length of the longest way of questions to it. Where two
// ask each other, the question of the one that is met later does not count.
func layers(all []station) [][]station {
	depth, deepest, onward := map[string]int{}, 0, forward(all)
	for range all { // the longest way is no longer than that
		for _, s := range all {
			for _, name := range onward[s.name] {
				depth[name] = max(depth[name], depth[s.name]+1)
				deepest = max(deepest, depth[name])
			}
		}
	}
	out := make([][]station, deepest+1)
	for _, s := range all {
		out[depth[s.name]] = append(out[depth[s.name]], s)
	}
	return ordered(out)
}

// forward are the questions without those that lead back to who is on the way already. It begins with those whom nobody asks.
func forward(all []station) map[string][]string {
	byName, isAsked := map[string]station{}, map[string]bool{}
	for _, s := range all {
		byName[s.name] = s
		for _, name := range s.asks {
			isAsked[name] = true
		}
	}
	onward, onTheWay, done := map[string][]string{}, map[string]bool{}, map[string]bool{}
	var visit func(s station)
	visit = func(s station) {
		done[s.name], onTheWay[s.name] = true, true
		for _, name := range s.asks {
			next, drawn := byName[name]
			if !drawn || name == everybody || onTheWay[name] {
				continue
			}
			onward[s.name] = append(onward[s.name], name)
			if !done[name] {
				visit(next)
			}
		}
		onTheWay[s.name] = false
	}
	for _, first := range []bool{true, false} {
		for _, s := range all {
			if first != isAsked[s.name] && !done[s.name] {
				visit(s)
			}
		}
	}
	return onward
}

// ordered lets a station stand about as high as those who ask it, so that lines cross little.
func ordered(layers [][]station) [][]station {
	height := map[string]float64{}
	for n, layer := range layers {
		if n > 0 {
			slices.SortStableFunc(layer, func(a, b station) int {
				return cmp.Compare(middle(a.name, layers[:n], height), middle(b.name, layers[:n], height))
			})
		}
		for i, s := range layer {
			height[s.name] = float64(i)
		}
	}
	return layers
}

// middle is the mean height of those who ask a station.
func middle(name string, before [][]station, height map[string]float64) float64 {
	sum, n := 0.0, 0.0
	for _, layer := range before {
		for _, s := range layer {
			if slices.Contains(s.asks, name) {
				sum, n = sum+height[s.name], n+1
			}
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}
